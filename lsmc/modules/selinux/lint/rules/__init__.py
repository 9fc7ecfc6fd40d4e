"""The checks of SELinux policy, one file each; a file's docstring is the check's page.

The pages have the form of those of AppArmor (`lsmc.modules.apparmor.lint.rules`), with blocks of
CIL and marks `; found`.  The test tests/modules/selinux/lint/test_pages.py runs every block beside
`prelude.cil`, which declares classes, users, roles and levels as real policies have them.
"""
