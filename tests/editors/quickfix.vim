" Opens the profile that BROKEN names, runs `:make`, and writes the quickfix list as JSON to FOUND: in
" lines [LINE, COLUMN, TYPE, TEXT].

filetype plugin indent on
let g:lsmc_lint_options = '--base ' . $BASE
execute 'edit' fnameescape($BROKEN)
silent! make!
call writefile([json_encode(map(getqflist(), '[v:val.lnum, v:val.col, v:val.type, v:val.text]'))], $FOUND)
qall!
