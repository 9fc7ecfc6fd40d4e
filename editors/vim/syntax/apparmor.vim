" Vim syntax file
" Language: AppArmor profiles
"
" It follows lsmc/modules/apparmor/syntax/lexer_modes.py: each token is matched whole, so that nothing
" begins in the middle of one, and what a `#`, a comma or a brace means depends on the keyword read
" before.  scripts/check_editors.py writes the lists of words.

if exists('b:current_syntax')
  finish
endif
let s:cpo = &cpoptions
set cpoptions&vim

syn case match
syn iskeyword @,48-57,_,-,.
syn sync fromstart

" --- Words of bodies
syn keyword apparmorProfile nextgroup=apparmorName skipwhite profile hat
syn keyword apparmorQualifier audit allow deny prompt owner user other safe unsafe subset
syn keyword apparmorStatement alias rewrite set
syn keyword apparmorRule all file link pivot_root io_uring
syn keyword apparmorConditional else

" --- Words that are known in some places
syn keyword apparmorLogic contained and or not in defined
syn keyword apparmorAccess contained accept bind connect create delete eavesdrop getattr getopt listen open override_creds r read readby receive rw send setattr setopt shutdown sqpoll trace tracedby w wr write
syn keyword apparmorCapability contained chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore
syn keyword apparmorNetwork contained unspec unix inet ax25 ipx appletalk netrom bridge atmpvc x25 inet6 rose netbeui security key netlink packet ash econet atmsvc rds sna irda pppox wanpipe llc ib mpls can tipc bluetooth iucv rxrpc isdn phonet ieee802154 caif alg nfc vsock kcm qipcrtr smc xdp mctp stream dgram raw rdm seqpacket tcp udp icmp
syn keyword apparmorSignal contained hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop stp ttin ttou urg xcpu xfsz vtalrm prof winch io pwr sys emt exists tstp poll
syn keyword apparmorFlag contained enforce complain kill unconfined prompt default_allow chroot_relative namespace_relative mediate_deleted delegate_deleted attach_disconnected no_attach_disconnected chroot_attach chroot_no_attach audit debug interruptible attach_disconnected.path attach_disconnected.ipc kill.signal error
syn keyword apparmorMountOption contained ro r read-only nosuid nodev noexec sync remount mand dirsync nosymfollow noatime nodiratime bind B move M rbind R verbose silent acl relatime iversion strictatime lazytime nouser unbindable make-unbindable runbindable make-runbindable private make-private rprivate make-rprivate slave make-slave rslave make-rslave shared make-shared rshared make-rshared rw w suid dev exec async nomand symfollow atime diratime loud noacl norelatime nostrictatime noiversion nolazytime user
syn keyword apparmorResource contained cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime
syn keyword apparmorBus contained system session accessibility fcitx
syn keyword apparmorQueue contained posix sysv
syn match apparmorSignal contained /\<rtmin+\d\+/
syn keyword apparmorIoUring sqpoll override_creds

" --- Words that mean nothing by themselves; of what begins at one place the last that is defined wins
syn match apparmorValue contained /\v%([^ \t"!,(\\]|\\[ \t"!,]|\\|,[^ \t"!,])%([^ \t"!,\\]|\\[ \t"!,]|\\|,[^ \t"!,])*/ contains=apparmorInner,apparmorGlob,apparmorEscape
syn match apparmorListWord contained /\v%([^ \t"!,()\\]|\\[ \t"!,()]|\\)+/ contains=apparmorInner,apparmorGlob,apparmorEscape
syn match apparmorWord contained /\v%([^ \t"!,=)\\(+&:]|\\[ \t"!,]|\\|:[^ \t"!,=)]@=)%([^ \t"!,=)\\]|\\[ \t"!,]|\\|,[^ \t"!,=)])*/
syn match apparmorChangeWord contained /\v%([^ \t"!,\\]|\\[ \t"!,]|\\|,[^ \t"!,])+/ contains=apparmorInner,apparmorGlob,apparmorEscape
syn match apparmorUnit contained /\a\+/
syn match apparmorName contained /\v%([^ \t"!,\\]|\\[ \t"!,]|\\|,[^ \t"!,])+/ contains=apparmorInner,apparmorGlob,apparmorEscape

" --- What stands in many places
syn match apparmorVariable /\v\@%(\{\a\w*\}|\a\w*)/
syn match apparmorBoolean /\v\$%(\{\a\w*\}|\a\w*)/
syn match apparmorEscape contained /\v\\%(x\x{1,2}|d\d{1,3}|\o{1,3}|.)/
syn match apparmorGlob contained /\v[*?{}]|\[[^\]]*\]/
syn match apparmorInner contained /\v\@\{\a\w*\}/
syn region apparmorString start=/"/ skip=/\\"/ end=/"/ contains=apparmorInner,apparmorGlob,apparmorEscape

" A permission word, then paths, which win where both begin.
syn match apparmorPermissions /\v<%(all%([ \t,]|$))@!%([RrWwaLlMmkXx]|[PpCc][IiUu]?[Xx]|[IiUu][Xx])+\ze%([ \t,]|$)/
syn match apparmorPath /\v%(\/|:\=@!|\&)%([^ \t"!,\\]|\\[ \t"!,]|\\|,[^ \t"!,])*/ contains=apparmorInner,apparmorGlob,apparmorEscape
syn match apparmorPath /\v\@%(\{\a\w*\}|\a\w*)%([^ \t"!,\\=+?]|\?\=@!|\\[ \t"!,]|\\|,[^ \t"!,])%([^ \t"!,\\]|\\[ \t"!,]|\\|,[^ \t"!,])*/ contains=apparmorInner,apparmorGlob,apparmorEscape

" Names: behind a keyword, behind an arrow, and paths with a block behind them.
syn match apparmorName contained /\v"%([^"\\]|\\"?)*"/
syn match apparmorCaret /\^/ nextgroup=apparmorName skipwhite
syn match apparmorArrow /->/ nextgroup=apparmorName skipwhite

syn match apparmorInclude /\v%(#include|<include[ \t]@=)%([ \t]+if[ \t]+exists[ \t]@=)?/ nextgroup=apparmorFile skipwhite
syn match apparmorFile contained /\v\<[^<>"]*\>|\<"[^"]+"\>|"[^"]*"|[^ \t"!,<>]+/
syn region apparmorAbi matchgroup=apparmorInclude start=/\<abi\>/ end=/,/ contains=apparmorFile
syn match apparmorComment /#\%(include\)\@!.*$/ contains=apparmorTodo,@Spell
syn keyword apparmorTodo contained TODO FIXME XXX

" --- Conditions: NAME=VALUE, NAME=(VALUE ...), NAME in (VALUE ...)
syn match apparmorCondition /\v<\a\w*\ze[ \t]*:?\=/ nextgroup=apparmorEquals skipwhite
syn match apparmorCondition /\v<\a\w*\ze[ \t]+in[ \t]*\(/ nextgroup=apparmorIn skipwhite
syn match apparmorCondition /\v<flags\ze[ \t]*\=/ nextgroup=apparmorFlagsEquals skipwhite
syn match apparmorCondition /\v<set\ze[ \t]*\=/ nextgroup=apparmorSignalEquals skipwhite
syn match apparmorCondition /\v<options?\ze[ \t]*\=/ nextgroup=apparmorOptionsEquals skipwhite
syn match apparmorCondition /\v<options?\ze[ \t]+in[ \t]*\(/ nextgroup=apparmorOptionsIn skipwhite
syn match apparmorCondition /\v<bus\ze[ \t]*\=/ nextgroup=apparmorBusEquals skipwhite
syn match apparmorCondition /\v<type\ze[ \t]*\=/ nextgroup=apparmorTypeEquals skipwhite
syn match apparmorCondition /\v<peer\ze[ \t]*\=/ nextgroup=apparmorPeerEquals skipwhite
syn match apparmorCondition /\v<xattrs\ze[ \t]*\=/ nextgroup=apparmorXattrsEquals skipwhite
syn match apparmorCondition /\v<priority\ze[ \t]*\=/ nextgroup=apparmorPriorityEquals skipwhite
syn match apparmorEquals contained /:\==/ nextgroup=apparmorList,apparmorString,apparmorValue skipwhite
syn match apparmorIn contained /\<in\>/ nextgroup=apparmorList skipwhite
syn match apparmorFlagsEquals contained /=/ nextgroup=apparmorFlags skipwhite
syn match apparmorSignalEquals contained /=/ nextgroup=apparmorSignals,apparmorSignal,apparmorString,apparmorValue skipwhite
syn match apparmorOptionsEquals contained /=/ nextgroup=apparmorOptions,apparmorMountOption,apparmorValue skipwhite
syn match apparmorOptionsIn contained /\<in\>/ nextgroup=apparmorOptions skipwhite
syn match apparmorBusEquals contained /=/ nextgroup=apparmorBus,apparmorString,apparmorList,apparmorValue skipwhite
syn match apparmorTypeEquals contained /=/ nextgroup=apparmorNetwork,apparmorQueue,apparmorString,apparmorList,apparmorValue skipwhite
syn match apparmorPeerEquals contained /:\==/ nextgroup=apparmorPeer,apparmorString,apparmorValue skipwhite
syn match apparmorXattrsEquals contained /=/ nextgroup=apparmorXattrs skipwhite
syn match apparmorPriorityEquals contained /=/ nextgroup=apparmorNumber skipwhite
syn match apparmorNumber contained /[-+]\=\d\+/

" --- Lists; words of a list end at every comma
syn region apparmorList matchgroup=apparmorParen start=/(/ end=/)/ contains=apparmorAccess,apparmorFlag,apparmorString,apparmorListWord
syn region apparmorFlags contained matchgroup=apparmorParen start=/(/ end=/)/ contains=apparmorFlag,apparmorString,apparmorListWord
syn region apparmorSignals contained matchgroup=apparmorParen start=/(/ end=/)/ contains=apparmorListWord,apparmorSignal,apparmorString
syn region apparmorOptions contained matchgroup=apparmorParen start=/(/ end=/)/ contains=apparmorMountOption,apparmorString,apparmorListWord
syn region apparmorPeer contained matchgroup=apparmorParen start=/(/ end=/)/ contains=apparmorListWord,apparmorString,apparmorPeerCondition
syn match apparmorPeerCondition contained /\v%([^ \t"!,()=\\:]|:\=@!)+\ze[ \t]*:?\=/ nextgroup=apparmorPeerIs skipwhite
syn match apparmorPeerIs contained /:\==/ nextgroup=apparmorList,apparmorString,apparmorListWord skipwhite
syn region apparmorXattrs contained matchgroup=apparmorParen start=/(/ end=/)/ contains=apparmorXattr
syn match apparmorXattr contained /\v%([^ \t"!,()=\\:]|:\=@!)+/ nextgroup=apparmorPeerIs skipwhite

" --- Rules whose words are not those of bodies: they end at their comma and hold no comments
syn region apparmorCapabilityRule matchgroup=apparmorRule start=/\<capability\>/ end=/\ze[,}]/ contains=apparmorCapability,apparmorComment
syn region apparmorSocketRule matchgroup=apparmorRule start=/\<\%(network\|unix\|dbus\|signal\|ptrace\)\>/ end=/,\|\ze}\s*$/ contains=apparmorAccess,apparmorNetwork,apparmorWord,apparmorCondition,apparmorString,apparmorList
syn region apparmorMountRule matchgroup=apparmorRule start=/\<\%(mount\|remount\|umount\|unmount\|mqueue\)\>/ end=/,\|\ze}\s*$/ contains=apparmorAccess,apparmorWord,apparmorPath,apparmorCondition,apparmorString,apparmorList,apparmorArrow
syn region apparmorChangeRule matchgroup=apparmorRule start=/\<change_profile\>/ end=/,\|\ze}\s*$/ contains=apparmorChangeWord,apparmorSafety,apparmorString,apparmorArrow
syn keyword apparmorSafety contained safe unsafe
syn region apparmorRlimitRule matchgroup=apparmorRule start=/\<rlimit\>/ end=/,\|\ze}\s*$/ contains=apparmorResource,apparmorCompare,apparmorNumber,apparmorUnit
syn match apparmorCompare contained /<=/
syn region apparmorUsernsRule matchgroup=apparmorRule start=/\<userns\>/ end=/,\|\ze}\s*$/ contains=apparmorAccess

" --- Variables and conditionals
syn match apparmorAssigned /\v\@%(\{\a\w*\}|\a\w*)\ze[ \t]*[+?:]?\=/ nextgroup=apparmorValues skipwhite
syn match apparmorAssigned /\v\$%(\{\a\w*\}|\a\w*)\ze[ \t]*[+?:]?\=/ nextgroup=apparmorExpression skipwhite
syn region apparmorValues contained keepend matchgroup=apparmorOperator start=/[+?:]\==/ skip=/\\$/ end=/$/ contains=apparmorChangeWord,apparmorString,apparmorComment
syn region apparmorExpression contained keepend matchgroup=apparmorOperator start=/[+?:]\==/ skip=/\\$/ end=/$/ contains=apparmorLogic,apparmorWord,apparmorVariable,apparmorBoolean,apparmorComparison,apparmorString,apparmorComment
syn region apparmorIf matchgroup=apparmorConditional start=/\<if\>/ end=/\ze{\%([ \t,=)"!]\|$\)/ contains=apparmorLogic,apparmorWord,apparmorVariable,apparmorBoolean,apparmorComparison,apparmorString
syn match apparmorComparison contained /[=!<>]=\|[<>]/

" Blocks can be folded.
syn region apparmorBlock matchgroup=apparmorBrace start=/{/ end=/}/ transparent fold

hi def link apparmorComment Comment
hi def link apparmorTodo Todo
hi def link apparmorProfile Structure
hi def link apparmorCaret Structure
hi def link apparmorName Function
hi def link apparmorQualifier StorageClass
hi def link apparmorSafety StorageClass
hi def link apparmorStatement Statement
hi def link apparmorRule Statement
hi def link apparmorConditional Conditional
hi def link apparmorLogic Operator
hi def link apparmorIn Operator
hi def link apparmorOptionsIn Operator
hi def link apparmorInclude Include
hi def link apparmorFile String
hi def link apparmorPath String
hi def link apparmorString String
hi def link apparmorChangeWord String
hi def link apparmorValue String
hi def link apparmorListWord String
hi def link apparmorPermissions Type
hi def link apparmorAccess Type
hi def link apparmorIoUring Type
hi def link apparmorCondition Identifier
hi def link apparmorPeerCondition Identifier
hi def link apparmorXattr Identifier
hi def link apparmorVariable PreProc
hi def link apparmorAssigned PreProc
hi def link apparmorInner PreProc
hi def link apparmorBoolean PreProc
hi def link apparmorGlob Special
hi def link apparmorEscape SpecialChar
hi def link apparmorCapability Constant
hi def link apparmorNetwork Constant
hi def link apparmorSignal Constant
hi def link apparmorFlag Constant
hi def link apparmorMountOption Constant
hi def link apparmorResource Constant
hi def link apparmorUnit Constant
hi def link apparmorBus Constant
hi def link apparmorQueue Constant
hi def link apparmorNumber Number
hi def link apparmorArrow Operator
hi def link apparmorOperator Operator
hi def link apparmorEquals Operator
hi def link apparmorFlagsEquals Operator
hi def link apparmorSignalEquals Operator
hi def link apparmorOptionsEquals Operator
hi def link apparmorBusEquals Operator
hi def link apparmorTypeEquals Operator
hi def link apparmorPeerEquals Operator
hi def link apparmorXattrsEquals Operator
hi def link apparmorPriorityEquals Operator
hi def link apparmorPeerIs Operator
hi def link apparmorCompare Operator
hi def link apparmorComparison Operator

let b:current_syntax = 'apparmor'
let &cpoptions = s:cpo
unlet s:cpo
