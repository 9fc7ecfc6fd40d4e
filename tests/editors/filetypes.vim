" Writes the file type of each path of PATHS, one a line, to FOUND.

filetype on
let s:found = []
for s:path in split($PATHS, ':')
  execute 'edit' fnameescape(s:path)
  call add(s:found, &filetype)
endfor
call writefile(s:found, $FOUND)
qall!
