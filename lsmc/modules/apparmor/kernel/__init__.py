"""The kernel's own format of AppArmor policy: what `apparmor_parser` writes, for any kernel.

`keys` turns rules to patterns over the strings that a kernel matches, `words` decisions to the
words of its tables, `automata` patterns to minimal automata, which the profiles of some files
share; `blob` packs an automaton, `stream` writes a profile and `streams` those files.  `shares`
divides the files of a run among processes, `kept` is what the cache holds of an earlier one, and
`render` puts both together.  Sources: security/apparmor/{policy_unpack,match,policy_compat}.c and
their headers in Linux 6.1 and 6.12.
"""
