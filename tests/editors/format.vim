" Lays out the profile that BROKEN names with `gq`, and writes what it then is to FOUND.

filetype plugin indent on
execute 'edit' fnameescape($BROKEN)
normal! gggqG
call writefile(getline(1, '$'), $FOUND)
qall!
