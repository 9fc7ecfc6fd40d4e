" Settings for Smack rules.

if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

compiler lsmc

let b:undo_ftplugin = 'setlocal makeprg< errorformat<'
