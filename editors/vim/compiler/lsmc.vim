" `:compiler lsmc`, then `:make`: the findings of `lsmc lint` in the quickfix list.
"
" g:lsmc_lint_options holds more options, such as '--base /srv/policy'.

if exists('current_compiler')
  finish
endif
let current_compiler = 'lsmc'

let s:options = get(g:, 'lsmc_lint_options', '')
execute 'CompilerSet makeprg=' . escape('lsmc lint --format concise ' . s:options . ' %:S', ' \|"')
CompilerSet errorformat=%f:%l:%c:\ %trror:\ %m,%f:%l:%c:\ %tarning:\ %m,%f:%l:%c:\ %tnfo:\ %m,%-G%.%#
unlet s:options
