;; Writes the major mode of each path of PATHS, one a line, to FOUND.

(with-temp-file (getenv "FOUND")
  (dolist (path (split-string (getenv "PATHS") ":"))
    (insert (with-current-buffer (find-file-noselect path)
              (symbol-name major-mode))
            "\n")))
