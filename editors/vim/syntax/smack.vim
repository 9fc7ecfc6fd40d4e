" Vim syntax file
" Language: Smack rules: subject, object, access; behind them what a change takes away

if exists('b:current_syntax')
  finish
endif

syn case match
syn match smackSubject /^\s*\S\+/ nextgroup=smackObject skipwhite
syn match smackObject contained /\S\+/ nextgroup=smackAccess skipwhite
syn match smackAccess contained /[rRwWxXaAtTlLbB-]\+\ze\%(\s\|$\)/ nextgroup=smackAccess skipwhite

hi def link smackSubject Function
hi def link smackObject String
hi def link smackAccess Type

let b:current_syntax = 'smack'
