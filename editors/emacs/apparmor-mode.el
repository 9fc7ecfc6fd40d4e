;;; apparmor-mode.el --- AppArmor profiles  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages

;;; Commentary:

;; Colours for AppArmor profiles, and `lsmc server' for Eglot.
;;
;; The colours come from a scanner that follows lsmc/modules/apparmor/syntax/lexer_modes.py: each
;; token is taken whole, and what a `#', a comma or a brace means depends on the keyword read before.
;; scripts/check_editors.py writes the lists of words.

;;; Code:

(require 'cl-lib)

(defgroup apparmor nil
  "AppArmor profiles."
  :group 'languages)

(defcustom apparmor-indent-offset 2
  "Columns by which a block is indented."
  :type 'integer
  :safe #'integerp)

(defface apparmor-condition '((t :inherit font-lock-variable-name-face))
  "The name in a condition, such as `peer' in `peer=x'.")

(defface apparmor-operator '((t :inherit font-lock-builtin-face))
  "Arrows, assignments and comparisons.")

(defface apparmor-number '((t :inherit font-lock-constant-face))
  "Numbers.")

;;; Words

(defconst apparmor-mode--profile
  '("profile" "hat"))
(defconst apparmor-mode--qualifier
  '("audit" "allow" "deny" "prompt" "owner" "user" "other" "safe" "unsafe" "subset"))
(defconst apparmor-mode--statement
  '("alias" "rewrite" "set"))
(defconst apparmor-mode--rule
  '("all" "file" "link" "pivot_root" "io_uring"))
(defconst apparmor-mode--socket-rule
  '("network" "unix" "dbus" "signal" "ptrace"))
(defconst apparmor-mode--mount-rule
  '("mount" "remount" "umount" "unmount" "mqueue"))
(defconst apparmor-mode--logic
  '("and" "or" "not" "in" "defined"))
(defconst apparmor-mode--io-uring
  '("sqpoll" "override_creds"))
(defconst apparmor-mode--access
  '("accept" "bind" "connect" "create" "delete" "eavesdrop" "getattr" "getopt" "listen" "open" "override_creds" "r" "read" "readby" "receive" "rw" "send" "setattr" "setopt" "shutdown" "sqpoll" "trace" "tracedby" "w" "wr" "write"))
(defconst apparmor-mode--capability
  '("chown" "dac_override" "dac_read_search" "fowner" "fsetid" "kill" "setgid" "setuid" "setpcap" "linux_immutable" "net_bind_service" "net_broadcast" "net_admin" "net_raw" "ipc_lock" "ipc_owner" "sys_module" "sys_rawio" "sys_chroot" "sys_ptrace" "sys_pacct" "sys_admin" "sys_boot" "sys_nice" "sys_resource" "sys_time" "sys_tty_config" "mknod" "lease" "audit_write" "audit_control" "setfcap" "mac_override" "mac_admin" "syslog" "wake_alarm" "block_suspend" "audit_read" "perfmon" "bpf" "checkpoint_restore"))
(defconst apparmor-mode--network
  '("unspec" "unix" "inet" "ax25" "ipx" "appletalk" "netrom" "bridge" "atmpvc" "x25" "inet6" "rose" "netbeui" "security" "key" "netlink" "packet" "ash" "econet" "atmsvc" "rds" "sna" "irda" "pppox" "wanpipe" "llc" "ib" "mpls" "can" "tipc" "bluetooth" "iucv" "rxrpc" "isdn" "phonet" "ieee802154" "caif" "alg" "nfc" "vsock" "kcm" "qipcrtr" "smc" "xdp" "mctp" "stream" "dgram" "raw" "rdm" "seqpacket" "tcp" "udp" "icmp"))
(defconst apparmor-mode--signal
  '("hup" "int" "quit" "ill" "trap" "abrt" "bus" "fpe" "kill" "usr1" "segv" "usr2" "pipe" "alrm" "term" "stkflt" "chld" "cont" "stop" "stp" "ttin" "ttou" "urg" "xcpu" "xfsz" "vtalrm" "prof" "winch" "io" "pwr" "sys" "emt" "exists" "tstp" "poll"))
(defconst apparmor-mode--flag
  '("enforce" "complain" "kill" "unconfined" "prompt" "default_allow" "chroot_relative" "namespace_relative" "mediate_deleted" "delegate_deleted" "attach_disconnected" "no_attach_disconnected" "chroot_attach" "chroot_no_attach" "audit" "debug" "interruptible" "attach_disconnected.path" "attach_disconnected.ipc" "kill.signal" "error"))
(defconst apparmor-mode--mount-option
  '("ro" "r" "read-only" "nosuid" "nodev" "noexec" "sync" "remount" "mand" "dirsync" "nosymfollow" "noatime" "nodiratime" "bind" "B" "move" "M" "rbind" "R" "verbose" "silent" "acl" "relatime" "iversion" "strictatime" "lazytime" "nouser" "unbindable" "make-unbindable" "runbindable" "make-runbindable" "private" "make-private" "rprivate" "make-rprivate" "slave" "make-slave" "rslave" "make-rslave" "shared" "make-shared" "rshared" "make-rshared" "rw" "w" "suid" "dev" "exec" "async" "nomand" "symfollow" "atime" "diratime" "loud" "noacl" "norelatime" "nostrictatime" "noiversion" "nolazytime" "user"))
(defconst apparmor-mode--resource
  '("cpu" "fsize" "data" "stack" "core" "rss" "nproc" "nofile" "memlock" "as" "locks" "sigpending" "msgqueue" "nice" "rtprio" "rttime"))
(defconst apparmor-mode--bus
  '("system" "session" "accessibility" "fcitx"))
(defconst apparmor-mode--queue
  '("posix" "sysv"))

;;; Pieces of tokens

(defconst apparmor-mode--name "[A-Za-z][A-Za-z0-9_]*")
(defconst apparmor-mode--variable (format "\\(?:{%s}\\|%s\\)" apparmor-mode--name apparmor-mode--name))
(defconst apparmor-mode--bytes
  "\\(?:[^ \t\r\n\"!,\\]+\\|\\\\[ \t\"!,]\\|\\\\\\|,[^ \t\r\n\"!,]\\)*"
  "The rest of a word.")
(defconst apparmor-mode--word (concat "[^ \t\r\n\"!,]" apparmor-mode--bytes))
(defconst apparmor-mode--rule-word
  "[^ \t\r\n\"!,()=+&]\\(?:[^ \t\r\n\"!,=)\\]+\\|\\\\[ \t\"!,]\\|\\\\\\|,[^ \t\r\n\"!,=)]\\)*")
(defconst apparmor-mode--list-word "\\(?:[^ \t\r\n\"!,()\\]+\\|\\\\[ \t\"!,()]\\|\\\\\\)+")
(defconst apparmor-mode--attribute "\\(?:[^ \t\r\n\"!,()=\\:]\\|:[^=]\\)+")
(defconst apparmor-mode--path
  (let ((next "\\|\\?[^=]\\|\\\\[ \t\"!,]\\|\\\\\\|,[^ \t\r\n\"!,]\\)"))
    (concat "\\(?:[/&]\\|:[^= \t\r\n]\\)" apparmor-mode--bytes
            "\\|@{" apparmor-mode--name "}\\(?:[^ \t\r\n\"!,\\=+?]" next apparmor-mode--bytes
            "\\|@" apparmor-mode--name "\\(?:[^ \t\r\n\"!,\\=+?A-Za-z0-9_]" next
            apparmor-mode--bytes)))
(defconst apparmor-mode--string "\"\\(?:[^\"\\]\\|\\\\\"?\\)*\"")
(defconst apparmor-mode--file
  "<[^<>\"\r\n]*>\\|<\"[^\"\r\n]+\">\\|\"[^\"\r\n]*\"\\|[^ \t\r\n\"!,<>]+")
(defconst apparmor-mode--permissions
  "\\(?:[RrWwaLlMmkXx]\\|[PpCc][IiUu]?[Xx]\\|[IiUu][Xx]\\)+\\(?:[ \t\r\n,]\\|\\'\\)")

;;; The scanner: each function moves point behind what it gives a face to

(defvar apparmor-mode--limit nil "Where the scanner stops.")

(defun apparmor-mode--take (regexp face)
  "Give FACE to what REGEXP matches at point and move behind it, if it does."
  (when (looking-at regexp)
    (let ((end (match-end 0)))
      (when face
        (put-text-property (point) end 'face face))
      (goto-char end))))

(defun apparmor-mode--blanks (&optional lines)
  "Skip blanks, and ends of LINES."
  (skip-chars-forward (if lines " \t\r\n" " \t")))

(defun apparmor-mode--text (regexp)
  "Take a word or a path that REGEXP matches, with the variables and globs in it."
  (when (looking-at regexp)
    (let ((start (point))
          (end (match-end 0)))
      (put-text-property start end 'face 'font-lock-string-face)
      (save-excursion
        (while (re-search-forward "@{[A-Za-z][A-Za-z0-9_]*}" end t)
          (put-text-property (match-beginning 0) (match-end 0) 'face 'font-lock-variable-name-face)))
      (goto-char end))))

(defun apparmor-mode--among (words regexp face)
  "Take a word that REGEXP matches, with FACE if it is one of WORDS."
  (when (looking-at regexp)
    (if (member (match-string-no-properties 0) words)
        (apparmor-mode--take regexp face)
      (apparmor-mode--text regexp))))

(defun apparmor-mode--target ()
  "Take the name behind a keyword or an arrow."
  (apparmor-mode--blanks)
  (or (apparmor-mode--take apparmor-mode--string 'font-lock-function-name-face)
      (apparmor-mode--take apparmor-mode--word 'font-lock-function-name-face)))

(defun apparmor-mode--list (words face)
  "Take a list in parentheses, with FACE for those of WORDS."
  (when (eq (char-after) ?\()
    (forward-char)
    (while (progn
             (skip-chars-forward " \t\r\n,")
             (and (< (point) apparmor-mode--limit)
                  (or (apparmor-mode--text apparmor-mode--string)
                      (apparmor-mode--among words apparmor-mode--list-word face)))))
    (when (eq (char-after) ?\))
      (forward-char))
    t))

(defun apparmor-mode--attributes (bare)
  "Take a list of NAME=VALUE; with BARE, of names without a value, too."
  (when (eq (char-after) ?\()
    (forward-char)
    (while
        (progn
          (skip-chars-forward " \t\r\n,")
          (cond ((>= (point) apparmor-mode--limit) nil)
                ((looking-at (concat apparmor-mode--attribute (if bare "" "[ \t]*:?=")))
                 (apparmor-mode--take apparmor-mode--attribute 'apparmor-condition)
                 (apparmor-mode--blanks)
                 (when (apparmor-mode--take ":?=" 'apparmor-operator)
                   (apparmor-mode--blanks)
                   (or (apparmor-mode--list nil nil)
                       (apparmor-mode--text apparmor-mode--string)
                       (apparmor-mode--text apparmor-mode--list-word)))
                 t)
                (t (or (apparmor-mode--text apparmor-mode--string)
                       (apparmor-mode--text apparmor-mode--list-word))))))
    (when (eq (char-after) ?\))
      (forward-char))
    t))

(defun apparmor-mode--known (name)
  "The words that are known as values of the condition NAME."
  (pcase name
    ("flags" apparmor-mode--flag)
    ("set" apparmor-mode--signal)
    ((or "option" "options") apparmor-mode--mount-option)
    ("bus" apparmor-mode--bus)
    ("type" (append apparmor-mode--network apparmor-mode--queue))))

(defun apparmor-mode--condition ()
  "Take NAME=VALUE, NAME=(VALUE ...) or NAME in (VALUE ...)."
  (when (looking-at (format "\\(%s\\)\\(?:[ \t]*:?=\\|[ \t]+in[ \t]*(\\)" apparmor-mode--name))
    (let* ((name (match-string-no-properties 1))
           (words (apparmor-mode--known name)))
      (apparmor-mode--take apparmor-mode--name 'apparmor-condition)
      (apparmor-mode--blanks)
      (apparmor-mode--take ":?=\\|in" 'apparmor-operator)
      (apparmor-mode--blanks)
      (cond ((equal name "priority") (apparmor-mode--take "[-+]?[0-9]+" 'apparmor-number))
            ((member name '("peer" "xattrs"))
             (or (apparmor-mode--attributes (equal name "xattrs"))
                 (apparmor-mode--text apparmor-mode--string)
                 (apparmor-mode--text apparmor-mode--word)))
            (t (or (apparmor-mode--list words 'font-lock-constant-face)
                   (apparmor-mode--text apparmor-mode--string)
                   (apparmor-mode--among words apparmor-mode--word 'font-lock-constant-face))))
      t)))

(defun apparmor-mode--rule (word)
  "Take the rest of a rule up to its comma; WORD takes a word in it."
  (while (progn
           (apparmor-mode--blanks t)
           (and (< (point) apparmor-mode--limit)
                (not (looking-at ",\\|}[ \t]*$"))
                (or (funcall word)
                    (apparmor-mode--condition)
                    (apparmor-mode--text apparmor-mode--string)
                    (apparmor-mode--list apparmor-mode--access 'font-lock-type-face)
                    (apparmor-mode--take apparmor-mode--rule-word nil)
                    (progn (forward-char) t))))))

(defun apparmor-mode--word-of (words face)
  "Take one of WORDS with FACE."
  (and (looking-at apparmor-mode--rule-word)
       (member (match-string-no-properties 0) words)
       (apparmor-mode--take apparmor-mode--rule-word face)))

(defun apparmor-mode--socket-word ()
  "Take a word of a rule about sockets, messages or signals."
  (unless (looking-at (format "%s[ \t]*:?=" apparmor-mode--name))
    (or (apparmor-mode--word-of apparmor-mode--access 'font-lock-type-face)
        (apparmor-mode--word-of apparmor-mode--network 'font-lock-constant-face))))

(defun apparmor-mode--mount-word ()
  "Take a word of a rule about mounts or message queues."
  (unless (looking-at (format "%s[ \t]*:?=" apparmor-mode--name))
    (or (apparmor-mode--word-of '("->") 'apparmor-operator)
        (apparmor-mode--word-of apparmor-mode--access 'font-lock-type-face)
        (apparmor-mode--text apparmor-mode--path))))

(defun apparmor-mode--change-word ()
  "Take a word of a rule about changes of profile."
  (or (and (apparmor-mode--take "->" 'apparmor-operator) (or (apparmor-mode--target) t))
      (apparmor-mode--word-of '("safe" "unsafe") 'font-lock-keyword-face)
      (apparmor-mode--text apparmor-mode--string)
      (apparmor-mode--text apparmor-mode--word)))

(defun apparmor-mode--limit-word ()
  "Take a word of a rule about resources."
  (or (apparmor-mode--take "<=" 'apparmor-operator)
      (apparmor-mode--take "-?[0-9]+" 'apparmor-number)
      (apparmor-mode--word-of apparmor-mode--resource 'font-lock-constant-face)
      (apparmor-mode--take "[A-Za-z_]+" 'font-lock-constant-face)))

(defun apparmor-mode--capability-word ()
  "Take a word of a rule about capabilities, in which comments may stand."
  (or (apparmor-mode--comment)
      (apparmor-mode--word-of apparmor-mode--capability 'font-lock-constant-face)
      (apparmor-mode--take apparmor-mode--name nil)))

(defun apparmor-mode--comment ()
  "Take a comment."
  (and (eq (char-after) ?#)
       (not (looking-at "#include"))
       (apparmor-mode--take "#.*" 'font-lock-comment-face)))

(defun apparmor-mode--expression-word ()
  "Take a word of a condition on variables."
  (or (apparmor-mode--word-of apparmor-mode--logic 'font-lock-keyword-face)
      (apparmor-mode--take (concat "[@$]" apparmor-mode--variable) 'font-lock-variable-name-face)
      (apparmor-mode--take "[=!<>]=\\|[<>]" 'apparmor-operator)
      (apparmor-mode--text apparmor-mode--string)
      (apparmor-mode--take apparmor-mode--rule-word nil)))

(defun apparmor-mode--expression ()
  "Take the condition behind `if', up to its block."
  (while (progn
           (apparmor-mode--blanks t)
           (and (< (point) apparmor-mode--limit)
                (not (looking-at "{\\(?:[ \t\r\n,=)\"!]\\|\\'\\)"))
                (or (apparmor-mode--expression-word)
                    (progn (forward-char) t))))))

(defun apparmor-mode--values (word)
  "Take an operator and the values up to the end of the line; WORD takes one."
  (apparmor-mode--blanks)
  (apparmor-mode--take "[+?:]?=" 'apparmor-operator)
  (while (progn
           (apparmor-mode--blanks)
           (while (looking-at "\\\\\r?\n")
             (goto-char (match-end 0))
             (apparmor-mode--blanks))
           (and (< (point) apparmor-mode--limit)
                (not (eolp))
                (or (apparmor-mode--take "#.*" 'font-lock-comment-face)
                    (funcall word)
                    (progn (forward-char) t))))))

(defun apparmor-mode--value-word ()
  "Take a value of a variable."
  (or (apparmor-mode--text apparmor-mode--string)
      (apparmor-mode--text apparmor-mode--word)))

(defun apparmor-mode--head-follows (end)
  "Whether behind END comes what comes behind the path that names a profile."
  (save-excursion
    (goto-char end)
    (looking-at
     (format "[ \t]+\\(?:\\(?:%s\\)[ \t]+\\)?\\(?:\\(?:flags\\|xattrs\\|identities\\)[ \t]*=.*\\|([^()\n]*)[ \t]*\\)?{[ \t]*\\(?:#.*\\)?$"
             apparmor-mode--path))))

(defun apparmor-mode--keyword (word)
  "Take WORD, if it is a keyword, and the rest of what it begins."
  (let ((face (cond ((member word apparmor-mode--qualifier) 'font-lock-keyword-face)
                    ((member word apparmor-mode--io-uring) 'font-lock-type-face)
                    ((or (member word apparmor-mode--profile) (member word apparmor-mode--statement)
                         (member word apparmor-mode--rule) (member word apparmor-mode--socket-rule)
                         (member word apparmor-mode--mount-rule)
                         (member word '("abi" "capability" "change_profile" "rlimit" "userns"
                                        "if" "else")))
                     'font-lock-keyword-face))))
    (when face
      (apparmor-mode--take apparmor-mode--name face)
      (cond ((member word apparmor-mode--profile) (apparmor-mode--target))
            ((member word apparmor-mode--socket-rule)
             (apparmor-mode--rule #'apparmor-mode--socket-word))
            ((member word apparmor-mode--mount-rule)
             (apparmor-mode--rule #'apparmor-mode--mount-word))
            ((equal word "abi")
             (apparmor-mode--blanks t)
             (apparmor-mode--text apparmor-mode--file))
            ((equal word "capability") (apparmor-mode--rule #'apparmor-mode--capability-word))
            ((equal word "change_profile") (apparmor-mode--rule #'apparmor-mode--change-word))
            ((equal word "rlimit") (apparmor-mode--rule #'apparmor-mode--limit-word))
            ((equal word "userns")
             (apparmor-mode--rule
              (lambda () (apparmor-mode--word-of '("create") 'font-lock-type-face))))
            ((equal word "if") (apparmor-mode--expression)))
      t)))

(defun apparmor-mode--include ()
  "Take an include."
  (when (looking-at "\\(?:#include\\|include[ \t]\\)")
    (apparmor-mode--take "#?include" 'font-lock-preprocessor-face)
    (apparmor-mode--take "[ \t]+if[ \t]+exists" 'font-lock-preprocessor-face)
    (apparmor-mode--blanks)
    (apparmor-mode--text apparmor-mode--file)
    t))

(defun apparmor-mode--body-token ()
  "Take what begins at point, in a body."
  (cond
   ((apparmor-mode--comment))
   ((apparmor-mode--include))
   ((looking-at (format "@%s[ \t]*[+?:]?=" apparmor-mode--variable))
    (apparmor-mode--take (concat "@" apparmor-mode--variable) 'font-lock-variable-name-face)
    (apparmor-mode--values #'apparmor-mode--value-word))
   ((looking-at (format "\\$%s[ \t]*[+?:]?=" apparmor-mode--variable))
    (apparmor-mode--take (concat "\\$" apparmor-mode--variable) 'font-lock-variable-name-face)
    (apparmor-mode--values #'apparmor-mode--expression-word))
   ((looking-at apparmor-mode--path)
    (if (apparmor-mode--head-follows (match-end 0))
        (apparmor-mode--take apparmor-mode--path 'font-lock-function-name-face)
      (apparmor-mode--text apparmor-mode--path)))
   ((apparmor-mode--text apparmor-mode--string))
   ((and (looking-at apparmor-mode--permissions) (not (looking-at "all[ \t\r\n,]")))
    (put-text-property (point) (1- (match-end 0)) 'face 'font-lock-type-face)
    (goto-char (max (1+ (point)) (1- (match-end 0)))))
   ((apparmor-mode--condition))
   ((looking-at apparmor-mode--name)
    (or (apparmor-mode--keyword (match-string-no-properties 0))
        (apparmor-mode--take apparmor-mode--name nil)))
   ((apparmor-mode--take "->" 'apparmor-operator) (apparmor-mode--target))
   ((apparmor-mode--take "\\^" 'font-lock-keyword-face) (apparmor-mode--target))
   ((apparmor-mode--take (concat "[@$]" apparmor-mode--variable) 'font-lock-variable-name-face))
   ((apparmor-mode--list apparmor-mode--flag 'font-lock-constant-face))
   (t (forward-char))))

(defun apparmor-mode--scan (limit)
  "Give faces to all tokens from point to LIMIT."
  (let ((apparmor-mode--limit limit)
        (case-fold-search nil))
    (with-silent-modifications
      (while (progn (apparmor-mode--blanks t) (< (point) limit))
        (apparmor-mode--body-token))))
  nil)

(defvar font-lock-beg)
(defvar font-lock-end)

(defun apparmor-mode--extend ()
  "Begin what is to get faces at a line before which no rule is open."
  (save-excursion
    (goto-char font-lock-beg)
    (forward-line 0)
    (while (and (not (bobp))
                (save-excursion
                  (skip-chars-backward " \t\r\n")
                  (not (or (bobp)
                           (memq (char-before) '(?, ?{ ?}))
                           (progn (forward-line 0) (looking-at "[ \t]*#"))))))
      (forward-line -1))
    (when (< (point) font-lock-beg)
      (setq font-lock-beg (point)))))

;;; Indentation

(defun apparmor-indent-line ()
  "Indent a line by the blocks that it stands in."
  (interactive)
  (let ((column (save-excursion
                  (forward-line 0)
                  (let ((closes (looking-at "[ \t]*}")))
                    (skip-chars-backward " \t\r\n")
                    (if (bobp)
                        0
                      (let ((opens (save-excursion
                                     (forward-line 0)
                                     (looking-at ".*{[ \t]*\\(?:#.*\\)?$"))))
                        (max 0 (+ (current-indentation)
                                  (if opens apparmor-indent-offset 0)
                                  (if closes (- apparmor-indent-offset) 0)))))))))
    (if (<= (current-column) (current-indentation))
        (indent-line-to column)
      (save-excursion (indent-line-to column)))))

;;; The mode

(defvar apparmor-mode-syntax-table
  (let ((table (make-syntax-table)))
    ;; Whether a `#' begins a comment is for the scanner to say.
    (modify-syntax-entry ?# "." table)
    (modify-syntax-entry ?\" "." table)
    (modify-syntax-entry ?_ "_" table)
    table)
  "Syntax table of `apparmor-mode'.")

;;;###autoload
(define-derived-mode apparmor-mode prog-mode "AppArmor"
  "Major mode for AppArmor profiles."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+[ \t]*")
  (setq-local indent-line-function #'apparmor-indent-line)
  (setq-local font-lock-defaults '(((apparmor-mode--scan)) t))
  (setq-local font-lock-extend-region-functions
              '(font-lock-extend-region-wholelines apparmor-mode--extend)))

;;;###autoload
(setq auto-mode-alist
      (append '(("\\.\\(?:aa\\|apparmor\\)\\'" . apparmor-mode)
                ("/apparmor\\.d/abi/" . fundamental-mode))
              auto-mode-alist
              '(("/apparmor\\.d/.*\\.\\(?:md\\|txt\\)\\'" . text-mode)
                ("/apparmor\\.d/" . apparmor-mode)
                ("/apparmor/profiles/extras/" . apparmor-mode))))

;;;###autoload
(with-eval-after-load 'eglot
  (defvar eglot-server-programs)
  (add-to-list 'eglot-server-programs '(apparmor-mode . ("lsmc" "server"))))

(provide 'apparmor-mode)
;;; apparmor-mode.el ends here
