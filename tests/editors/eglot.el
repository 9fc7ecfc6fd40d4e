;; Opens the profile that BROKEN names with the server and writes its findings as JSON to FOUND, in lists
;; of the line and the text, from 1.

(require 'eglot)
(require 'json)
(setq eglot-sync-connect t
      eglot-autoshutdown nil
      eglot-server-programs
      `((apparmor-mode . ("lsmc" "server" :initializationOptions (:base ,(getenv "BASE"))))))
(find-file (getenv "BROKEN"))
(unless (eq major-mode 'apparmor-mode)
  (error "The mode is %s" major-mode))
(call-interactively #'eglot)
(with-timeout (60 (error "Nothing is found"))
  (while (null (flymake-diagnostics))
    (accept-process-output nil 0.1)
    (when (bound-and-true-p flymake-mode)
      (flymake-start))))
(let ((found (mapcar (lambda (one)
                       (vector (line-number-at-pos (flymake-diagnostic-beg one))
                               (flymake-diagnostic-text one)))
                     (flymake-diagnostics))))
  (with-temp-file (getenv "FOUND")
    (insert (json-serialize (vconcat found)))))
(eglot-shutdown-all)
