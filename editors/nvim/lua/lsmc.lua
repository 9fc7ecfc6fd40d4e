-- Starts `lsmc server` for the policy that is opened, in any version of Neovim from 0.7 on.
--
--   require('lsmc').setup()
--   require('lsmc').setup({ settings = { lsmc = { base = '/srv/policy' } } })

local M = {}

--- What lsp/lsmc.lua beside this file says, with the user's options above it.
local function configuration(options)
  local here = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h:h')
  return vim.tbl_deep_extend('force', dofile(here .. '/lsp/lsmc.lua'), options or {})
end

--- The nearest directory above a file with one of the markers; else that of the file.
local function root_of(path, markers)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  for _, marker in ipairs(markers) do
    for _, find in ipairs({ vim.fn.findfile, vim.fn.finddir }) do
      local found = find(marker, vim.fn.fnameescape(folder) .. ';')
      if found ~= '' then
        return vim.fn.fnamemodify(found, ':p'):gsub('/$', ''):gsub('/[^/]*$', '')
      end
    end
  end
  return folder
end

--- Attach a buffer to the server of its root; versions before 0.8 have no `vim.lsp.start`.
local servers = {}

local function attach(buffer, config)
  local root = root_of(vim.api.nvim_buf_get_name(buffer), config.root_markers)
  local given = vim.tbl_extend('force', config, { name = 'lsmc', root_dir = root })
  if vim.lsp.start then
    vim.lsp.start(given)
    return
  end
  if not vim.lsp.get_client_by_id(servers[root] or -1) then
    servers[root] = vim.lsp.start_client(given)
  end
  vim.lsp.buf_attach_client(buffer, servers[root])
end

--- Have policy that is opened from now on judged.
---@param options table|nil what is to be other than in lsp/lsmc.lua: `cmd`, `settings`, `on_attach`
function M.setup(options)
  if vim.lsp.config then
    vim.lsp.config('lsmc', options or {})
    vim.lsp.enable('lsmc')
    return
  end
  local config = configuration(options)
  vim.api.nvim_create_autocmd('FileType', {
    pattern = config.filetypes,
    callback = function(event)
      attach(event.buf, config)
    end,
  })
end

return M
