" Indentation of AppArmor profiles: by blocks, and rules that go on further than their first line.

if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=ApparmorIndent(v:lnum) indentkeys=0{,0},!^F,o,O
let b:undo_indent = 'setlocal indentexpr< indentkeys<'

if exists('*ApparmorIndent')
  finish
endif

function! ApparmorIndent(line) abort
  let l:above = prevnonblank(a:line - 1)
  if l:above == 0
    return 0
  endif
  let l:indent = indent(l:above)
  if getline(l:above) =~# '{\s*\(#.*\)\=$'
    let l:indent += shiftwidth()
  endif
  if getline(a:line) =~# '^\s*}'
    let l:indent -= shiftwidth()
  endif
  return l:indent
endfunction
