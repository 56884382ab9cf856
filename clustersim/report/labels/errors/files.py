"""What is wrong in a file, a key, a quantity or a package."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "module 'clustersim' has no attribute {}": "模块 'clustersim' 没有属性 {}",
    "{} is code of another package, and here nothing but the given folder is used":
        "{} 是另一软件包的代码,而此处只用给定的文件夹",
    "no installed package brings {} to {}; {}": "没有已装的软件包把 {} 带给 {};{}",
    "{}: is no function, but {}": "{}:不是函数,而是 {}",
    "{}: gives {}, not a time of 0 s or more for each of {}":
        "{0}:给出 {1},而不是给 {2} 个中每个一个 0 s 或更长的时间",
    "two packages bring {} of {}: {} and {}; uninstall one of them":
        "两个软件包都带来 {1} 的 {0}:{2} 与 {3};请卸载其一",
    "{}: has more than {} members": "{}:成员多于 {} 个",
    "{}: unpacks to more than {} MB": "{}:解包后超过 {} MB",
    "{}: is no XLSX or ZIP file ({})": "{}:不是 XLSX 或 ZIP 文件({})",
    "{}: no such member": "{}:没有这个成员",
    "{}: cannot be unpacked ({})": "{}:无法解包({})",
    "{}:{}: not a UTF-8 text file (byte {}); save it as UTF-8":
        "{}:{}:不是 UTF-8 文本文件(第 {} 字节);请存为 UTF-8",
    "${}={}: give a whole number of MB between 1 and 9999999": "${}={}:请给 1 至 9999999 之间的整数 MB",
    "{}: lies outside {}, and only files in it may be read here": "{}:在 {} 之外,而此处只能读取其中的文件",
    "{}:{}: holds a NUL byte{}": "{}:{}:含有 NUL 字节{}",
    "{}: is no text file (byte {}); give text in UTF-8": "{}:不是文本文件(第 {} 字节);请给 UTF-8 文本",
    "{}: no file can have this name": "{}:文件不能用这个名称",
    "{}: is {}, not a file{}": "{}:是 {},不是文件{}",
    "{}: is gzip data; unpack it first": "{}:是 gzip 数据;请先解包",
    "{}: is damaged gzip data (it ends too early)": "{}:是损坏的 gzip 数据(过早结束)",
    "{}: begins like {} but is not (byte {})": "{}:开头像 {} 而不是(第 {} 字节)",
    "{}:{}: is GBK text; save it as UTF-8 (iconv -f GB18030 -t UTF-8)":
        "{}:{}:是 GBK 文本;请存为 UTF-8(iconv -f GB18030 -t UTF-8)",
    "{}: is damaged gzip data ({})": "{}:是损坏的 gzip 数据({})",
    "{}:{}: {} is no JSON number": "{}:{}:{} 不是 JSON 数",
    "{}{}: the key {} stands twice": "{}{}:键 {} 出现两次",
    "{}:{}: not valid JSON: {}": "{}:{}:不是有效的 JSON:{}",
    "{}: is no XLSX workbook": "{}:不是 XLSX 工作簿",
    "{}: the file is empty; its first line must name the columns": "{}:文件为空;首行须为列名",
    "{}: {} line(s) do not fit the header": "{}:{} 行与表头不符",
    "{}:1: lacks the column(s) {}; needed: {}": "{}:1:缺列 {};需要:{}",
    "{}:{}: {} cells in a line; a table has at most {}": "{}:{}:一行有 {} 格;表至多 {} 格",
    "{}:{}: the columns are separated by {}; export it with commas": "{}:{}:各列以 {} 分隔;请以逗号导出",
    "{}:{}: column {} stands twice": "{}:{}:列 {} 出现两次",
    "{}: {}: declares entities, which no workbook does": "{}:{}:声明了实体,工作簿不会这样",
    "{}: a cell names a text that the workbook does not hold: it is damaged":
        "{}:有一格指向工作簿中没有的文本:文件已损坏",
    "{}: {}: is damaged ({})": "{}:{}:已损坏({})",
    "is needed and missing or unknown": "必需而缺失,或未知",
    "correlation names {}; the factors are {}": "correlation 提到 {};系数为 {}",
    "a correlation lies between -1 and 1": "相关系数在 -1 与 1 之间",
    "size: is missing; {} takes as long as it has bytes": "size:缺失;{} 的耗时取决于字节数",
    "--set {}: {} is a company file; it has only company.… keys":
        "--set {}:{} 是公司文件;只有 company.… 的键",
    "headroom: units that can be made over the plan are at least 1; bound the plan by supply":
        "headroom:计划期内可制造的数量至少为 1;请用 supply 限制计划",
    "{}.{} has {} values for {} years": "{}.{} 有 {} 个值,而有 {} 年",
    "unknown line {}; {}": "未知的科目 {};{}",
    "a list of values is the old form; write the years as keys: {{}, …}, for example {2026E: 200, 2027E:"
    " 100, source: …, tier: …}":
        "值的列表是旧写法;请以年份为键:{{}, …},例如 {2026E: 200, 2027E: 100, source: …, tier: …}",
    "unknown tier {}; {}": "未知的等级 {};{}",
    "{} is not a year; write 2026E, 2026H1E or 2025A": "{} 不是年份;请写 2026E、2026H1E 或 2025A",
    "{}{}: unknown here; {}": "{}{}:此处未知;{}",
    "{}value: {} is not within its range {} to {}": "{}value:{} 不在其区间 {} 至 {} 之内",
    "{}: a half-year takes no range; give one to its year": "{}:半年不带区间;请把区间给全年",
    "{}: a range needs the value that it is of; write {value: …, low: …, high: …}":
        "{}:区间须有其值;请写 {value: …, low: …, high: …}",
    "recipe {} scales {}, and dtype is {}; state dtype {}, or leave recipe empty":
        "recipe {} 缩放 {},而 dtype 为 {};请写 dtype {},或不写 recipe",
    "needs jobs, drawn, trace or services: nothing is asked of the site":
        "需要 jobs、drawn、trace 或 services:没有向站点提出任何要求",
    "software {} is for {}, not for {}": "软件 {} 用于 {},不是 {}",
    "no software {} in {}; {}; a stack that nobody measured is one of {}":
        "{1} 中没有软件 {0};{2};无人测过的软件栈是 {3} 之一",
    "{}: cluster.link: what joins the groups is needed (link: {bandwidth: 100 Gb/s})":
        "{}:cluster.link:需要写明分组之间的连接(link: {bandwidth: 100 Gb/s})",
    "{}: has groups of unlike cards ({}), and {} is asked of equal cards; ask `run`, `tco`, `train`, "
    "`compare` or `plan training` of the whole, or this of a scenario with one group":
        "{}:有异型卡的分组({}),而 {} 问的是同型卡;请对整体用 `run`、`tco`、`train`、`compare` 或 `plan "
        "training`,或对只有一个分组的场景提问",
    "{} is not a finite number of tokens": "{} 不是有限的 token 数",
    "temporary files cannot be written ({}); free some space, or name another folder by TMPDIR":
        "无法写临时文件({});请腾出空间,或用 TMPDIR 指定另一文件夹",
    "{}={} does not fill servers of {} ({}); {} would":
        "{}={} 填不满 {} 张卡的服务器({});可用 {}",
    "{}: the {} workload names no model, and this question needs one":
        "{}:{} 工作负载没有写明模型,而此问题需要它",
    "{}: the demand names no workload, so nothing runs; `clustersim collectives` takes it":
        "{}:需求没有写明工作负载,因而没有可运行的;`clustersim collectives` 接受它",
    "--set {}: the scenario has no incumbent": "--set {}:场景没有对照",
    "is not in the scenario": "不在场景中",
    "needed by {}": "由 {} 需要",
    "needs either nodes (whole servers) or cards": "需要 nodes(整台服务器)或 cards 之一",
    "min_cards is more than cards: an elastic job goes on with fewer":
        "min_cards 多于 cards:弹性作业是以更少的卡继续",
    "p90 ({} s) lies below the median ({} s)": "p90({} s)低于中位数({} s)",
    "needs either load (a share of the site's card-time) or jobs (how many)":
        "需要 load(站点卡时的占比)或 jobs(多少个)之一",
    "every class has a weight of 0: no job could be drawn": "每个类别的权重都为 0:抽不出作业",
    "{} states no number for {}; leave --scenario out to see the key":
        "{} 没有写明 {} 的数;去掉 --scenario 可看该键",
    "tco.price_book is needed for a rate": "费率需要 tco.price_book",
    "{}:{}: name: must be {} like its file": "{}:{}:name:须与其文件一样为 {}",
    "cooling.{}.pue has no climate {}; {}": "cooling.{}.pue 没有气候 {};{}",
    "{}: {} does not use {}; {}": "{}:{} 不使用 {};{}",
    "entry point {} = {} of {}: no package of this name is installed; name the package that holds "
    "hwprofiles/ or scenarios/, or uninstall what declares it":
        "入口点 {} = {}({}):没有已装的同名软件包;请写含 hwprofiles/ 或 scenarios/ 的软件包,"
        "或卸载声明它的软件包",
    "{}: {} is an alias of {}; say which, or drop one of the aliases":
        "{0}:{1} 是 {2} 的别名;请说明是哪一个,或去掉其中一个别名",
    "{}: is no YAML file; {} are files that end in .yaml, or names":
        "{}:不是 YAML 文件;{} 是以 .yaml 结尾的文件或名称",
    "pattern {}: cannot read {}; write kind, kind*N or (…)*N":
        "pattern {}:无法读取 {};请写 kind、kind*N 或 (…)*N",
    "pattern {}: {} closes or repeats nothing": "pattern {}:{} 没有可闭合或重复的",
    "give one of conv, linear and attention": "conv、linear 与 attention 请给其一",
    "{}:{}: {}: what is asked of a site stands under `demand:` now. Replace {} by{}\n{}":
        "{}:{}:{}:向站点提出的要求现在写在 `demand:` 下。请把 {} 换成{}\n{}",
    "{}: {} is no value of a file; give a number, or text with its unit":
        "{}:{} 不是文件中的值;请给数,或带单位的文本",
    "{}: years are keys now; write company.{}": "{}:年份现在是键;请写 company.{}",
    "changes are values by key, for example {'tco.pue': 1.2}": "改动是按键给的值,例如 {'tco.pue': 1.2}",
    "{} is no key; keys are text, for example 'tco.pue'": "{} 不是键;键是文本,例如 'tco.pue'",
    "--set {}: a flag sets the profile's own key; write {}{}=VALUE":
        "--set {}:选项改的是档案自己的键;请写 {}{}=VALUE",
    "--set {}: a flag sets the profile's own key; write KIND.NAME.FIELD=VALUE, with a kind of {}":
        "--set {}:选项改的是档案自己的键;请写 KIND.NAME.FIELD=VALUE,KIND 为 {}",
    "write the whole key on one line, {}: {}": "请把整个键写在一行,{}: {}",
    "{}: write KIND.NAME.FIELD: VALUE, with a kind of {}": "{}:请写 KIND.NAME.FIELD: VALUE,KIND 为 {}",
    "--set {}: {} is priced under the first side's terms; leave out {}. to change them, or compare with "
    "--own-site":
        "--set {}:{} 按第一方的条件定价;请去掉 {}. 来改动它们,或用 --own-site 比较",
    "--set {}: belongs to the question, which is the same for every side; leave out {}.":
        "--set {}:属于问题本身,对各方相同;请去掉 {}.",
    "--set {}: a comparison is of equal work: {} does the demand of the other side; leave out {}. to "
    "change it on every side":
        "--set {}:比较须为同一工作:{} 做另一方的需求;请去掉 {}. 以改动每一方",
    "--set {}: {} has no workload of kind {}": "--set {}:{} 没有 {} 类的工作负载",
    "{}: {} is the value {} and has no fields; give all of it, for example {}='{}'":
        "{}:{} 是值 {},没有字段;请整体给出,例如 {}='{}'",
    "{}: {} is not in the scenario, and {}; add it, or use --set {}=…":
        "{}:{} 不在场景中,而且 {};请补上,或用 --set {}=…",
    "{}: base: {} lies over another book itself; name that one's base":
        "{}:base:{} 本身叠加在另一价格表上;请写那一个的 base",
    "{} is in {}, and price book {} has no rate for it; add currencies.{}":
        "{} 以 {} 计,而价格表 {} 没有它的汇率;请补上 currencies.{}",
    "{} is in {}, and the rate of {} in price book {} is {} months old at {} (at most {}); bring "
    "currencies.{} up to date":
        "{0} 以 {1} 计,而价格表 {3} 中 {2} 的汇率在 {5} 时已有 {4} 个月(至多 {6});请更新 currencies.{7}",
    "{}:{}: name: must equal the file's name": "{}:{}:name:须与文件名相同",
    "{} must be a whole number": "{} 须为整数",
    "has no value; remove the key where the number is unknown": "没有值;数值未知时请去掉该键",
    "{} is in {}, and no dated rate is at hand here; write it in CNY":
        "{} 以 {} 计,而此处没有注明日期的汇率;请以 CNY 书写",
    "unknown key {}; {}": "未知的键 {};{}",
    "value {} is outside its own range {} to {}": "value {} 在其自身区间 {} 至 {} 之外",
    "{} must be {} {}": "{} 须为 {} {}",
    "{}: no output of the corridor depends on it; {}": "{}:走廊的输出都不依赖它;{}",
    "card: is needed and missing (add it, or groups of unlike cards)":
        "card:必需而缺失(请补上,或给异型卡的分组)",
    "demand: names no workload; give at least one (docs/design.md shows the form)":
        "demand:没有工作负载;请至少给一个(写法见 docs/design.md)",
    "several workloads share the card-hours: give {}": "多个工作负载共用卡时:请给 {}",
    "demand: the shares of the card-hours sum to {} ({}); at most 100 %":
        "demand:卡时占比合计为 {}({});至多 100 %",
    "market: of unlike cards those of the first group are valued, and {} is owned: it has no price to be "
    "found; put the group that is bought first, or leave market out":
        "market:异型卡中估值的是第一个分组的卡,而 {} 是自有的:没有可求的价格;请把先买的分组放在最前,"
        "或去掉 market",
    "{}: belongs to one of the groups; move it there": "{}:属于某一分组;请移到那里",
    "link: joins groups, and there are none; leave it out, or give groups":
        "link:连接分组,而没有分组;请去掉它,或给出分组",
    "demand.{} and demand.{} name the model {} with unlike dimensions; give the models two names":
        "demand.{} 与 demand.{} 用同一名称 {} 指尺寸不同的模型;请给模型两个名称",
    "demand.{}.disaggregated.{}: names a group, and the cluster has none":
        "demand.{}.disaggregated.{}:写明了分组,而集群没有分组",
    "acceptance and acceptance_by_position say the same thing twice: give one":
        "acceptance 与 acceptance_by_position 说的是同一件事:请给其一",
    "acceptance_by_position has {} positions, and draft_tokens={}: give one for every drafted token":
        "acceptance_by_position 有 {} 个位置,而 draft_tokens={}:请给每个草拟词元一个",
    "draft: model and draft_model go together: name the smaller model, or leave both out":
        "draft:model 与 draft_model 须同时给出:请写明较小的模型,或都不写",
    "prefill_on and decode_on: give both groups, or neither": "prefill_on 与 decode_on:两个分组都给,或都不给",
    "decode_on: is the group that takes the prompts; leave both out for one kind of card":
        "decode_on:就是接收提示的分组;只有一种卡时两者都不写",
    "spread: a half-width of {} means reaches below zero; at most 1":
        "spread:均值 {} 倍的半宽会低于零;至多为 1",
    "sessions make their own prompts: leave out trace and prompt": "会话自行产生提示:请去掉 trace 与 prompt",
    "needs either trace, or requests with prompt (or sessions) and output":
        "需要 trace,或带 prompt(或 sessions)与 output 的 requests",
    "needs a rate or a closed_loop: zero arrivals cannot be served":
        "需要 rate 或 closed_loop:没有到达就无从服务",
    "{}: the file gives {} in no year, and one year alone does not say what the others are; give both: "
    "--set {}='{value: OTHER_YEARS, {}: {}}'":
        "{}:文件没有任何一年的 {},而只给一年说不出其他年份;请两者都给:--set {}='{value: OTHER_YEARS, {}: "
        "{}}'",
    "--demand {}: is none of the scenarios; {}": "--demand {}:不是场景之一;{}",
    "{}: a cluster is compared with itself; give different scenarios": "{}:集群与自身比较;请给不同的场景",
    "two files go by the name {}, and keys address a side by it; rename one of them":
        "两个文件同名 {},而键以名称指向一方;请改其中一个的名称",
    "{}: a scenario's file may not be named like a key; rename it": "{}:场景文件不能与键同名;请改名",
    "{}: changes what is asked ({}); a comparison is of equal work: change it on the first design, whose "
    "demand all do": "{}:改动了所求({});比较须做相同的工作:请在第一个设计上改动,其余设计都做它的需求",
    "demand: {}: designs with changes of their own do the first one's, {}":
        "demand:{}:带有自身改动的设计只做第一个的需求,即 {}",
    "{} asks for {} and {} for {}; a comparison is of equal work: put one demand on all with --demand {}":
        "{} 要求 {},而 {} 要求 {};比较须为同一工作:请用 --demand {} 把一个需求放到各方",
    "a comparison is of equal work, and the demands differ: {}. Set the keys for all, or put one demand "
    "on all with --demand {}":
        "比较须为同一工作,而需求不同:{}。请对各方设置这些键,或用 --demand {} 把一个需求放到各方",
    "{}: has groups of its own; write all groups into one scenario": "{}:自有分组;请把全部分组写入一个场景",
    "--set {}: a comparison has no incumbent; write the name of a scenario, as in SCENARIO.KEY":
        "--set {}:比较没有对照;请写场景的名称,如 SCENARIO.KEY",
    "demand.{}.plan is stated for {} and searched for on {}: state it on every side (incumbent.KEY or "
    "SCENARIO.KEY), write plan: best, or allow it where it may be: market.stated_plans in a file, --stated-plans of "
    "compare":
        "demand.{0}.plan 在 {1} 上是给定的,而在 {2} 上是搜索的:请在每一方给定(incumbent.KEY 或 "
        "SCENARIO.KEY),写 plan: best,或在可行处允许:文件中的 market.stated_plans,compare 的 --stated-plans",
    "role {} needs a section {} and no other": "角色 {} 需要 {} 部分而不要其他",
    "evidence 'tuned' needs tuned_on: the rows that the constants were found from":
        "evidence 'tuned' 需要 tuned_on:常数由哪些行求得",
    "tariff_bands: the hours sum to {}; they must fill 24": "tariff_bands:小时合计为 {};须满 24",
    "building and building_horizon belong together; give both or neither":
        "building 与 building_horizon 须同时给出;请都给或都不给",
    "give colocation or building, not both": "colocation 与 building 请给其一,不能都给",
    "pue is needed and missing; give it, or climate for the value of the cooling profile":
        "pue 必需而缺失;请给出,或给 climate 以取冷却档案的值",
    "{}:{}: not valid YAML: {}": "{}:{}:不是有效的 YAML:{}",
    "{}:1: not valid YAML: {}": "{}:1:不是有效的 YAML:{}",
    "{}:{}: holds bytes that are no UTF-8 text": "{}:{}:含有不是 UTF-8 文本的字节",
    "{}: the file is empty; copy one of the shipped scenarios to start from":
        "{}:文件为空;请从一个随附场景复制",
    "{}:{}: a full-width colon stands after the key; write ': '": "{}:{}:键后是全角冒号;请写 ': '",
    "{}:{}: the line is indented with a tab; use spaces": "{}:{}:该行以制表符缩进;请用空格",
    "{}:{}: a semicolon separates nothing here; write one key a line":
        "{}:{}:此处分号不分隔任何东西;请每行写一个键",
    "{}:{}: an equals sign follows the key; write ': '": "{}:{}:键后是等号;请写 ': '",
    "{}:{}: a full-width {} {} stands here; write {}": "{}:{}:此处是全角 {} {};请写 {}",
    "{}:{}: no space follows the colon; write ': '": "{}:{}:冒号后没有空格;请写 ': '",
    "{}: the currency stands after the number; write {}": "{}:币种写在数之后;请写 {}",
    "{} is not a number with a unit; write it like '400 Gb/s'": "{} 不是带单位的数;请写成 '400 Gb/s' 这样",
    "{}: a comma sets thousands apart (1,024); write a point before decimals":
        "{}:逗号是千位分隔(1,024);小数请用小数点",
    "{} is not a quantity in {}": "{} 不是以 {} 计的量",
    "{} is not a finite number": "{} 不是有限的数",
    "{} is too large to be expressed in {}": "{} 太大,无法以 {} 表示",
    "{} is bytes; write a billion tokens as '{}G'": "{} 是字节;十亿词元请写成 '{}G'",
    "unknown unit {} in {}; {}": "{1} 中的单位 {0} 未知;{2}",
    "a whole number of more than 308 digits is no quantity": "超过 308 位的整数不是量",
    "{} is not one number; write a number, with its unit where it has one":
        "{} 不是一个数;请写一个数,有单位的带单位",
    "{} is no name of a file": "{} 不是文件的名称",
    "$CLUSTERSIM_PATH: {}: holds neither hwprofiles/ nor scenarios/; nothing is read there":
        "$CLUSTERSIM_PATH:{}:既无 hwprofiles/ 也无 scenarios/;不从该处读取",
    "figures: no font here draws some characters of a name, which are written as escapes; install one (on Debian"
    " fonts-wqy-microhei) or give a font file or family in ${}":
        "图:本机字体画不出某名称的一些字符,已写成转义;请安装一种字体(Debian 上为 fonts-wqy-microhei),"
        "或在 ${} 中给出字体文件或字体族",
}  # fmt: skip
