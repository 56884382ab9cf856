"""Lines of ``validate``, ``calibrate``, ``import``, ``doctor``, ``profiles``, ``keys``, ``export``."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- validate
    "each row against the band of all other sources": "每行与其他全部来源的区间对照",
    "each row against the shipped bands": "每行与自带的区间对照",
    "{} groups alike: median error {} %, mean bias {} %, median bias {} %; not found again: {}":
        "{} 组同权:误差中位 {} %,偏差均值 {} %,偏差中位 {} %;未能重新求得:{}",
    "{} groups alike: median of their median errors {} %, mean bias {} %, median bias {} %; not found again: {}":
        "{} 组同权:各组误差中位的中位 {} %,偏差均值 {} %,偏差中位 {} %;未能重新求得:{}",
    "{}: not read: a link to another place; put the file itself here":
        "{}:未读取:是指向别处的链接;请把文件本身放在这里",
    "cards left out": "去掉的卡", "all rows": "全部行", "not tuned on": "未用于调优", "rows of": "数据行:",
    "model and stack": "模型与软件栈", "size or load": "规模或负载",
    "picking the predicted best of {} questions with several plans costs {} % on average, {} % at most; the best"
    " itself was picked"
    " {} times":
        "{} 个有多种方案的问题中,选预测最优平均多花 {} %,最多 {} %;选中真正最优 {} 次",
    "sources that no constant was found from": "没有用来求常数的来源",
    "{} {}, weighted alike: median error {} %, bias {} %": "{} {},同权:误差中位 {} %,偏差 {} %",
    "{} row(s) not predicted: {}": "{} 行未预测:{}",
    # --- calibrate
    "{} and {} say the same run and differ by a factor of {}": "{} 与 {} 说的是同一运行,却相差 {} 倍",
    "{}: {} rows of {}; prior of {}": "{}:{} 行,来自 {};先验为 {}",
    "these rows say nothing about: {}": "这些数据说明不了:{}",
    "these rows see every factor": "这些数据能看到每个系数",
    "mean errors, percent of the measurement; each row left out of its own calibration:":
        "平均误差,占实测的百分比;每行都不参与自己的校准:",
    "{} more rows, not calibrated on: {}": "另有 {} 行未用于校准:{}",
    "outliers (more likely wrong than right, given all other rows):": "异常值(就其他各行而言更可能是错的):",
    "no outliers": "没有异常值", "contradiction: {}": "矛盾:{}", "set aside: {}: {}": "搁置:{}:{}",
    "set aside: {}": "搁置:{}",
    "… and {} more set aside": "……另搁置 {} 行",
    "surrogate off by {} % of a time at exact runs; intervals stretched by {}":
        "代理模型与精确运行相差 {} %;区间放宽 {} 倍",
    "these factors rest on one row each: {}": "以下系数各自只由一行数据支撑:{}",
    "prior P10-P90": "先验 P10-P90", "posterior P10-P90": "后验 P10-P90",
    "factor on the profile's constant": "对参数文件常数的系数",
    "{}: factors before and after {} rows": "{}:用 {} 行数据前后的系数",
    "calibrated, the row left out": "校准(去掉该行)", "measured / predicted time": "实测 / 预测时间",
    "rows, by their ratio before": "各行,按校准前的比值", "{}: rows before and after": "{}:校准前后的各行",
    "{} times of an interrupted calibration were taken up": "接上了中断的校准 {} 次",
    "{}: {} calibrated; CLUSTERSIM_PATH={} makes every command take it, or --set"
    " cluster.card={}/hwprofiles/cards/{}.yaml one":
        "{}:{} 已校准;设 CLUSTERSIM_PATH={} 则每个命令都用它,或只对一个命令用 --set"
        " cluster.card={}/hwprofiles/cards/{}.yaml",
    # --- import, doctor, keys, profiles
    "{} of {} is shown; there is also: --kind {}": "显示的是 {}({});另有:--kind {}",
    "{} is shown; -o writes {}": "显示的是 {};-o 写出 {}",
    "is this program's own form: check": "本程序自己的格式:用 check",
    "validate training --data (one node)": "validate training --data(单机)",
    "own {}": "自有 {}", "own rows": "自有数据行", "{} of {} files can be used": "{}/{} 个文件可用",
    "jobs: the servers of a replay": "jobs:回放所用的服务器",
    "units combine by '/', for example 'CNY/kWh' or 'Gb/s'": "单位用 '/' 组合,例如 'CNY/kWh' 或 'Gb/s'",
    "computed from the fields above": "由上面的字段算出",
    "{}: read as GBK": "{}:按 GBK 读取",
    # --- parts of a model
    "beside the text model, not modelled": "文本模型之外,未建模", "{} layers": "{} 层", "{} layer": "{} 层",
    "attention + dense + (experts per token + shared + latents) + head; the looked-up embedding left out":
        "注意力 + 稠密 + (每词元专家 + 共享 + 潜变量) + 输出头;不计查表的嵌入",
    "sum of the groups below; norms and biases left out": "下列各组之和;不计归一化与偏置",
    "{}, one for both": "{},两者共用一份", "{}, twice": "{},两份", "one for both": "两者共用一份", "twice": "两份",
    "{} beside the model: a block and 2 x {}^2 each": "模型之外 {} 个:每个一层加 2 × {}^2",
    "formats by group as published; routers in 16 bits": "各组格式按公开值;路由为 16 位",
    "sum over the parts without a window; 16 bits a value": "对无窗口的部分求和;每值 16 位",
    "sum over full windows and states": "对整窗与状态求和",
    "one sequence of {} tokens": "一条 {} 词元的序列",
    "6 x active + 6 x layers x score work at {} tokens (full square) + 3 x state operations":
        "6 × 激活参数 + 6 × 层数 × {} 词元的打分计算(全方阵)+ 3 × 状态运算",
    "a third of it: {} tokens of context, the full square": "其三分之一:{} 词元上下文,全方阵",
    # --- workbook, proposal, calibrated file
    "{}: its card's numbers cannot be moved in the workbook: {}": "{}:其卡的数字不能在工作簿中改动:{}",
    "{} and {} more": "{} 等另 {} 个",
    "computed from what the scenario states": "由场景给出的值算出",
    "computed; weakest input: {}{}{}": "算出;最弱输入:{}{}{}",
    "… {} more lines: .text() has all of them": "……另有 {} 行:.text() 给出全部",
}  # fmt: skip
