" Prints what groups of a syntax stand at places of files: JSON from and to files that are named by
" variables of the environment.  Input: {FILE: [[LINE, COLUMN], ...]}, from 0; output the same with the
" names of the groups at each place, outermost first.

let s:found = {}
for [s:file, s:places] in items(json_decode(join(readfile($HIGHLIGHT_PLACES), '')))
  execute 'edit' fnameescape(s:file)
  set filetype=apparmor
  syntax sync fromstart
  let s:found[s:file] = map(s:places, 'map(synstack(v:val[0] + 1, v:val[1] + 1), "synIDattr(v:val, \"name\")")')
endfor
call writefile([json_encode(s:found)], $HIGHLIGHT_FOUND)
qall!
