-- Opens the profile that BROKEN names with the server and prints its findings as JSON, in lines
-- [LINE, COLUMN, CODE], from 1.

local editors = vim.env.EDITORS
for _, folder in ipairs({ 'vim', 'nvim' }) do
  vim.opt.runtimepath:prepend(editors .. '/' .. folder)
end
vim.cmd('filetype plugin indent on')
require('lsmc').setup({ settings = { lsmc = { base = vim.env.BASE } } })
vim.cmd('edit ' .. vim.fn.fnameescape(vim.env.BROKEN))
vim.wait(60000, function()
  return #vim.diagnostic.get(0) > 0
end)
local found = vim.tbl_map(function(one)
  return { one.lnum + 1, one.col + 1, one.code }
end, vim.diagnostic.get(0))
io.stdout:write(vim.json.encode(found))
vim.cmd('qall!')
