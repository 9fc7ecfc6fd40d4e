" Settings for AppArmor profiles.

if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:# commentstring=#\ %s
setlocal expandtab shiftwidth=2 softtabstop=2
" `gf` and `:checkpath` follow includes.
setlocal include=^\\s*#\\=include\\s\\+\\(if\\s\\+exists\\s\\+\\)\\=[<\"]\\zs[^>\"]*
setlocal path^=/etc/apparmor.d
setlocal formatexpr=lsmc#format()
compiler lsmc

let b:undo_ftplugin = 'setlocal comments< commentstring< expandtab< shiftwidth< softtabstop<'
      \ . ' include< path< formatexpr< makeprg< errorformat<'
