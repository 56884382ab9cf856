"""The frame of an error: where, what, and what to do; the names and values in it stay as they are."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    "{}: {n} problem(s)": "{}:{} 处问题", "did you mean {}?": "是否指 {}?", "unknown key": "未知的键",
    "no {}; did you mean {}?": "没有 {};是否指 {}?", "no {}; known: {}": "没有 {};已有:{}", "no {}": "没有 {}",
    "is needed and missing": "必需而缺失", "is needed and missing (add it)": "必需而缺失(请补上)", "add it": "请补上",
    "{} has no unit; write it with one, for example {}": "{} 没有单位;请带单位书写,例如 {}",
    "{} is {}, but {} is needed (for example in {})": "{} 是 {},而需要 {}(例如 {})",
    "{} is {}, but {} is needed": "{} 是 {},而需要 {}",
    "{} must be positive": "{} 必须为正", "{} must be at least {}": "{} 必须至少为 {}",
    "{} must be at most {}": "{} 必须至多为 {}",
    "{} must be above {}": "{} 必须大于 {}", "{} must be below {}": "{} 必须小于 {}",
    "{} must be within {}": "{} 必须在 {} 之内",
    "no such file": "没有这个文件", "cannot be read ({})": "无法读取({})", "cannot write there ({})": "无法写入({})",
    "give another folder with -o": "请用 -o 给另一个文件夹", "given twice; keep one": "给了两次;请只留一个",
    "write KEY=VALUE, for example {}": "请写 KEY=VALUE,例如 {}",
    "give a folder for the results": "请给一个放结果的文件夹",
    "is a file": "是一个文件", "names no folder": "没有文件夹名",
    "no key has {} in it or in what it says; leave it out to list all": "没有键或其说明含 {};不写则列出全部",
    "no key has {} in it or in what it says; {}": "没有键或其说明含 {};{}",
    "records by part need {}; install the extra {}: {}": "逐条记录需要 {};请安装扩展 {}:{}",
    "workbooks need {}; install the extra {}: {}": "工作簿需要 {};请安装扩展 {}:{}",
    "figures need {}; install the extra {}: {}": "图需要 {};请安装扩展 {}:{}",
    "queries need {}; install the extra {}: {}": "查询需要 {};请安装扩展 {}:{}",
    "tests of coverage need {}; install the extra {}: {}": "覆盖率检验需要 {};请安装扩展 {}:{}",
    "beta distributions need {}; install the extra {}: {}": "贝塔分布需要 {};请安装扩展 {}:{}",
    "calibrations need {}; install the extra {}: {}": "校准需要 {};请安装扩展 {}:{}",
    "studies need {}; install the extra {}: {}": "研究需要 {};请安装扩展 {}:{}",
    "{} need {}; install the extra {}: {}": "{} 需要 {};请安装扩展 {}:{}",
    "this command needs {}; install the extra {}: {}": "此命令需要 {};请安装扩展 {}:{}",
    "a comparison is of equal work: put one demand on all with {}": "比较须为同一工作:请用 {} 把一个需求放到各方",
    "is a study of kind {}; ask it with {}": "是 {} 类研究;请用 {} 提问",
    "there is no {}, ours or of an installed package; {}": "没有 {},自带的与已装软件包的都没有;{}",
    "takes a study file": "要求研究文件", "is no number": "不是数", "is no finite number": "不是有限的数",
    "explain needs a change: give --set KEY=VALUE": "explain 需要一处改动:请给 --set KEY=VALUE",
    "no cluster of {} meets {}; the nearest is {}": "{} 没有满足 {} 的集群;最接近的是 {}",
    "demand.{} on {} ({}): {}": "demand.{} 于 {}({}):{}", "the site lacks {n} part(s)": "该站点缺 {} 个部分",
    "fails ({})": "失败({})",
    "cannot be loaded ({}); mend or uninstall the package": "无法加载({});请修复或卸载该软件包",
}  # fmt: skip
