" Which files are policy of Linux security modules.

autocmd BufNewFile,BufRead *.aa,*.apparmor setfiletype apparmor
autocmd BufNewFile,BufRead */apparmor.d/*,*/apparmor/profiles/extras/* call s:Profile()
autocmd BufNewFile,BufRead *.cil setfiletype cil
autocmd BufNewFile,BufRead domain_policy.{conf,base},exception_policy.{conf,base} setfiletype tomoyo
autocmd BufNewFile,BufRead */tomoyo/*/{profile,manager}.{conf,base},*/tomoyo/{profile,manager}.{conf,base} setfiletype tomoyo
autocmd BufNewFile,BufRead *.smack,*/smack/accesses,*/accesses.d/* setfiletype smack
autocmd BufNewFile,BufRead * call s:FirstLines()

" All that is below apparmor.d but the lists of features in abi/, and what notes there are.
function! s:Profile() abort
  if expand('<afile>:p:h:t') !=# 'abi' && expand('<afile>:e') !~? '^\(md\|txt\|toml\|json\)$'
    setfiletype apparmor
  endif
endfunction

" A profile anywhere else, by its first line that is neither empty nor a comment.
function! s:FirstLines() abort
  if did_filetype()
    return
  endif
  for l:line in getline(1, 30)
    if l:line =~# '^\s*\(abi\s\+<abi/\|#\=include\s\+<\(tunables\|abstractions\)/\)'
      setfiletype apparmor
    elseif l:line =~# '^<kernel>'
      setfiletype tomoyo
    elseif l:line =~# '^\s*\(#.*\)\=$'
      continue
    endif
    return
  endfor
endfunction
