-- How Neovim starts `lsmc server`; `require('lsmc').setup()` reads this file.
return {
  cmd = { 'lsmc', 'server' },
  filetypes = { 'apparmor', 'cil', 'tomoyo', 'smack' },
  root_markers = { 'lsmc.toml', '.git' },
  settings = { lsmc = {} },
  -- With the first message, as Neovim 0.7 sends settings neither then nor later.
  before_init = function(params, config)
    local settings = config.settings.lsmc
    if next(settings) then
      params.initializationOptions = settings
    end
  end,
}
