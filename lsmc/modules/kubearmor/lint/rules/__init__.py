"""The checks of KubeArmor policy, one file each; a file's docstring is the check's page.

A page has the parts that `lsmc.modules.apparmor.lint.rules` describes, and its examples are YAML:
a block is a file, or several that begin with `# file: NAME`.  The findings are on the lines that
end in a comment `# found`.  tests/modules/kubearmor/test_pages.py runs them.
"""
