" Vim syntax file
" Language: SELinux policy in CIL
"
" scripts/check_editors.py writes the lists of words.

if exists('b:current_syntax')
  finish
endif

syn case match
syn iskeyword @,48-57,_,-,.
syn match cilHead /(\s*\zs[a-z]\+/ contains=cilContainer,cilStatement,cilOperator
syn keyword cilContainer contained block optional in macro booleanif tunableif true false
syn keyword cilStatement contained allow allowx auditallow auditallowx blockabstract blockinherit boolean call category categoryalias categoryaliasactual categoryorder categoryset class classcommon classmap classmapping classorder classpermission classpermissionset common constrain context defaultrange defaultrole defaulttype defaultuser deny devicetreecon dontaudit dontauditx expandtypeattribute filecon fsuse genfscon handleunknown ibendportcon ibpkeycon iomemcon ioportcon ipaddr level levelrange mls mlsconstrain mlsvalidatetrans netifcon neverallow neverallowx nodecon pcidevicecon permissionx pirqcon policycap portcon rangetransition role roleallow roleattribute roleattributeset rolebounds roletransition roletype segregateattributes selinuxuser selinuxuserdefault sensitivity sensitivityalias sensitivityaliasactual sensitivitycategory sensitivityorder sid sidcontext sidorder tunable type typealias typealiasactual typeattribute typeattributeset typebounds typechange typemember typeneveraudit typepermissive typetransition user userattribute userattributeset userbounds userlevel userprefix userrange userrole validatetrans
syn keyword cilOperator contained all and eq neq not or range xor
syn match cilNumber /\<\%(0x\x\+\|\d\+\)\>/
syn region cilString start=/"/ end=/"/ oneline
syn match cilComment /;.*/ contains=@Spell

hi def link cilContainer Structure
hi def link cilStatement Statement
hi def link cilOperator Operator
hi def link cilNumber Number
hi def link cilString String
hi def link cilComment Comment

let b:current_syntax = 'cil'
