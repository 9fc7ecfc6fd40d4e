-- Opens the profile that BROKEN names in an editor that is set up as docs/editors.md says: the files are in
-- EDITORS, the includes in BASE.

local editors = vim.env.EDITORS
for _, folder in ipairs({ 'vim', 'nvim' }) do
  vim.opt.runtimepath:prepend(editors .. '/' .. folder)
end
vim.cmd('filetype plugin indent on')
require('lsmc').setup({ settings = { lsmc = { base = vim.env.BASE } } })
vim.cmd('edit ' .. vim.fn.fnameescape(vim.env.BROKEN))
