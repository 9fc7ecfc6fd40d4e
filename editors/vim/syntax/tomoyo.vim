" Vim syntax file
" Language: TOMOYO policy: profiles, exceptions, domains, managers
"
" scripts/check_editors.py writes the lists of words.

if exists('b:current_syntax')
  finish
endif

syn case match
syn iskeyword @,48-57,_,.
syn match tomoyoPath /\%(^\|\s\)\@1<=[^ \t@0-9=][^ \t=]*\/\S*/ contains=tomoyoEscape
syn match tomoyoEscape /\\\%([0-3]\o\o\|.\)/
syn match tomoyoNumber /\%(^\|[ \t=]\)\@1<=\%(0x\x\+\|\d\+\)\%(-\%(0x\x\+\|\d\+\)\)\=\ze\%(\s\|$\)/
syn match tomoyoGroup /\%(^\|[ \t=]\)\@1<=@[^ \t=!]\+/
syn match tomoyoComparison /!\==/
syn keyword tomoyoOperand block char directory exec.argc exec.envc exec.realpath fifo file group_execute group_read group_write others_execute others_read others_write owner_execute owner_read owner_write path1.dev_major path1.dev_minor path1.gid path1.ino path1.major path1.minor path1.parent.gid path1.parent.ino path1.parent.perm path1.parent.uid path1.perm path1.type path1.uid path2.dev_major path2.dev_minor path2.gid path2.ino path2.major path2.minor path2.parent.gid path2.parent.ino path2.parent.perm path2.parent.uid path2.perm path2.type path2.uid setgid setuid socket sticky symlink symlink.target task.egid task.euid task.fsgid task.fsuid task.gid task.pid task.ppid task.sgid task.suid task.uid
syn keyword tomoyoLine aggregator no_reset_domain reset_domain no_initialize_domain initialize_domain no_keep_domain keep_domain path_group number_group address_group acl_group use_profile use_group quota_exceeded transition_failed
syn keyword tomoyoHead nextgroup=tomoyoAccesses skipwhite file network misc task
syn match tomoyoAccesses contained /[a-z_/]\+/ contains=tomoyoAccess
syn keyword tomoyoAccess contained execute read write append unlink getattr rmdir truncate symlink chroot unmount link rename pivot_root create mkdir mkfifo mksock ioctl chmod chown chgrp mkblock mkchar mount bind listen connect send env manual_domain_transition
syn match tomoyoSockets /\<\%(inet\|unix\)\s\+\a\+\s\+[a-z_/]\+/ contains=tomoyoFamily,tomoyoSocket,tomoyoAccess
syn keyword tomoyoFamily contained inet unix
syn keyword tomoyoSocket contained stream dgram raw seqpacket
syn match tomoyoModeIs /\<mode=/ nextgroup=tomoyoMode
syn keyword tomoyoMode contained disabled learning permissive enforcing
syn match tomoyoDomain /^\s*<[a-z0-9_.-]\+>.*$/
syn match tomoyoProfile /^\s*\d\+-[A-Z]\+\%(::[a-z_:]\+\)\=\ze=/
syn match tomoyoProfile /^\s*PROFILE_VERSION\ze=/
syn match tomoyoComment /^\s*#.*$/ contains=@Spell

hi def link tomoyoPath String
hi def link tomoyoEscape SpecialChar
hi def link tomoyoNumber Number
hi def link tomoyoGroup PreProc
hi def link tomoyoComparison Operator
hi def link tomoyoLine Statement
hi def link tomoyoHead Statement
hi def link tomoyoAccess Type
hi def link tomoyoFamily Constant
hi def link tomoyoSocket Constant
hi def link tomoyoOperand Identifier
hi def link tomoyoMode Constant
hi def link tomoyoDomain Function
hi def link tomoyoProfile Identifier
hi def link tomoyoComment Comment

let b:current_syntax = 'tomoyo'
