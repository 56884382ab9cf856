"""What the parser of options says, and the checks of numbers: words of the libraries that we use."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "Try '{} {}' for help.": "帮助见 '{} {}'。",
    "No such option {}.": "没有选项 {}。",
    "No such option {}. Did you mean {}?": "没有选项 {}。是否指 {}?",
    "No such option {}. (Did you mean one of: {}?)": "没有选项 {}。(是否指其中之一:{}?)",
    "No such command {}.": "没有命令 {}。",
    "Missing argument {}.": "缺少参数 {}。",
    "Missing option {}.": "缺少选项 {}。",
    "Missing argument {}. Choose from:\n{}": "缺少参数 {}。可选:\n{}",
    "Missing command.": "缺少命令。",
    "Missing option {}. Choose from:\n{}": "缺少选项 {}。可选:\n{}",
    "Invalid value for {}: {}": "{} 的值无效:{}",
    "Invalid value: {}": "值无效:{}",
    "{} is not one of {}.": "{} 不是 {} 之一。",
    "{} is not a valid {}.": "{} 不是有效的 {}。",
    "{} is not in the range {}.": "{} 不在范围 {} 内。",
    "Got unexpected extra argument {}": "多出了参数 {}",
    "Got unexpected extra arguments {}": "多出了参数 {}",
    "Option {} requires an argument.": "选项 {} 需要一个值。",
    "Option {} requires {} arguments.": "选项 {} 需要 {} 个值。",
    "Option {} does not take a value.": "选项 {} 不带值。",
    "{} {} does not exist.": "{} {} 不存在。",
    "{} {} is a directory.": "{} {} 是文件夹。",
    "{} {} is not readable.": "{} {} 无法读取。",
    "no command {}; {}": "没有命令 {};{}",
    "names of {} have it: clustersim profiles list {}": "{} 中有此名:clustersim profiles list {}",
    "--set {}: {} would be {}, not that much more; write the whole value":
        "--set {}:{} 会被读作 {},而不是增加这么多;请写完整的值",
    "input should be greater than or equal to {}, not {}": "须大于或等于 {},不是 {}",
    "input should be greater than {}, not {}": "须大于 {},不是 {}",
    "input should be less than or equal to {}, not {}": "须小于或等于 {},不是 {}",
    "input should be less than {}, not {}": "须小于 {},不是 {}",
    "input should be {}, not {}": "须为 {},不是 {}",
    "File is not a zip file": "不是 zip 文件",
}  # fmt: skip
