" For 'formatexpr': lays lines out with `lsmc fmt`; what has errors stays as it is, and the first is shown.
function! lsmc#format() abort
  if mode() =~# '[iR]'
    return 1
  endif
  let l:last = v:lnum + v:count - 1
  let l:formatted = systemlist('lsmc fmt -', getline(v:lnum, l:last))
  if v:shell_error
    echohl ErrorMsg
    echomsg get(l:formatted, 0, 'lsmc fmt failed')
    echohl None
    return 0
  endif
  let l:rest = line('$') - l:last
  call setline(v:lnum, l:formatted[: l:last - v:lnum])
  call append(l:last, l:formatted[l:last - v:lnum + 1 :])
  let l:end = v:lnum + len(l:formatted) - 1
  if line('$') - l:rest > l:end
    silent execute (l:end + 1) . ',' . (line('$') - l:rest) . 'delete _'
  endif
  return 0
endfunction
