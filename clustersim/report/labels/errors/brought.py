"""What is wrong in a log, a result, a list or a row that is brought."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "no row can be predicted of {} taken as unknown; give others with --data":
        "把 {} 当作未知时没有可预测的行;请用 --data 给出其他行",
    "{} rows given of {} that {} has; give fewer": "给了 {} 行 {},而它只有 {} 行;请少给",
    "no rows are named; name files with --data": "没有指明数据行;请用 --data 给出文件",
    "{}: is no table of rows yet, it is {}: `clustersim import {} -o FOLDER` makes rows of it":
        "{}:还不是数据行的表,而是 {}:`clustersim import {} -o FOLDER` 由它生成数据行",
    "{}:{}: {} stands twice: two runs are in one file": "{}:{}:{} 出现两次:一个文件里有两次运行",
    "a step makes {} tokens: a draft model ran, and how many tokens it drafts is not stated or too few":
        "每步产生 {} 个词元:用了草稿模型,而没有写明草稿的词元数,或该数太少",
    "give --given draft_tokens=3 (as it was)": "请给 --given draft_tokens=3(当时所用的)",
    "{}: what was run is kept; the same command takes it up": "{}:已算的结果都保留了;同一命令会接着算",
    "every line of figures has wrong results": "每行数据的结果都是错的",
    "{}:{}: the columns change within the file: give one file each": "{}:{}:文件中途换了列:请每种列一个文件",
    "the server answers an error: {}": "服务器回答了错误:{}",
    "is missing: the query must not sum or average": "缺失:查询不得求和或求平均",
    "ask for the exporter's own metric (DCGM_FI_DEV_POWER_USAGE)": "请查询导出器自己的指标(DCGM_FI_DEV_POWER_USAGE)",
    "is no pair of a time and a value": "不是一对时间与数值",
    "{}: holds no sheet with a cell": "{}:没有含单元格的工作表",
    "is missing: without it a rate is no time of a step": "缺失:没有它,速率不能换算成每步时间",
    "give --given {}=… (as it was)": "请给 --given {}=…(当时所用的)",
    "{}: a sheet has more than {} rows": "{}:某个工作表超过 {} 行",
    "{}: its columns are those of no measured rows. Columns that tell: {}. `clustersim import FILE` "
    "makes rows of logs and benchmark results":
        "{}:其列不属于任何实测行。可识别的列:{}。`clustersim import FILE` 由日志与基准结果生成行",
    "--output {}: {} gives no such number; {}": "--output {}:{} 没有这个数;{}",
    "--decide {}: write KEY=a,b with two different values or more, or {}":
        "--decide {}:请写 KEY=a,b 并给两个以上不同的值,或 {}",
    "{}: only {} of {} draws can be run under every option":
        "{0}:{2} 次抽样中只有 {1} 次在每个选项下都能运行",
    "{}: no input of it has a range; state low and high where a value is uncertain":
        "{}:其输入都没有区间;请在不确定的值处写 low 与 high",
    "--decide {}: cards.{}.rent is not in the profile; add it or --set it":
        "--decide {}:档案中没有 cards.{}.rent;请补上或用 --set 给出",
    "no residuals to take a band from": "没有可取区间的残差",
    "{}: its digest is not that of its lines; make it by `clustersim validate training --residuals`":
        "{}:摘要与其各行不符;请用 `clustersim validate training --residuals` 生成",
    "holds no run": "没有任何运行",
    "{} is no unit of time that is known": "{} 不是已知的时间单位",
    "{}: is no result of a serving benchmark: no JSON object, and no block '{}'":
        "{}:不是推理基准的结果:没有 JSON 对象,也没有 '{}' 块",
    "the block is cut off: its last line of = is missing": "块被截断:缺最后一行 =",
    "the block does not end before the next begins": "块在下一块开始前没有结束",
    "one client a file": "每个文件一个客户端",
    "two ranks wrote into one line": "两个 rank 写到了同一行",
    "write one file a rank (mpirun --output-filename, srun -o %t) and import that of rank 0":
        "请每个 rank 写一个文件(mpirun --output-filename、srun -o %t)并导入 rank 0 的",
    "holds no line of figures": "没有数据行",
    "the run failed or was cut off": "运行失败或被截断",
    "the ranks ran on unlike cards: {}": "各 rank 运行在不同的卡上:{}",
    "is not named, and the figures fit several or none": "没有写明,而数据符合多个或都不符合",
    "give --given collective=all_gather (or what it was)": "请给 --given collective=all_gather(或当时所用的)",
    "the lines of '# Using devices' are missing": "缺 '# Using devices' 各行",
    "give --given n_gpus=8 and gpu=… (as they were)": "请给 --given n_gpus=8 与 gpu=…(当时所用的)",
    "rank(s) {} of {} are not listed: the list is cut off, or lines were lost":
        "{1} 个 rank 中的 {0} 没有列出:列表被截断,或丢了行",
    "{}: {} cells under {} columns": "{}:{} 格,而有 {} 列",
    "is not named": "没有写明",
    "the number of ranks is not in the log": "日志中没有 rank 数",
    "no such column in the header": "表头中没有这一列",
    "{} GB/s is not the size over the time": "{} GB/s 不等于大小除以时间",
    "the line is cut off": "该行被截断",
    "rank {} stands twice in one run": "rank {} 在一次运行中出现两次",
    "every process ran a test of its own (built without MPI?), or two runs wrote into one file":
        "每个进程各自运行了测试(编译时没有 MPI?),或两次运行写到了同一文件",
    "{}: is no result of the measuring kit: {}; the kit writes one": "{}:不是测量套件的结果:{};套件会写出",
    "{}: version: {} is not {}; take the kit of this release": "{}:version:{} 不是 {};请用本版本的套件",
    "{}: rows: is empty: nothing was measured{}": "{}:rows:为空:什么也没有测到{}",
    "--given {}: no row of the kit has such a column; {}": "--given {}:套件的行没有这一列;{}",
    "is no table of the kit": "不是套件的表",
    "is no list of rows": "不是行的列表",
    "is no column of the table": "不是该表的列",
    "it must be a number above 0": "须为大于 0 的数",
    "{}: {} thing(s) that a model file cannot take over": "{}:有 {} 处是模型文件不能接收的",
    "{}: nothing names the model; give --name": "{}:没有模型的名称;请给 --name",
    "{}:1: is no sweep of operators: it needs shapes (m, n, k; or seqlen, nheads, headdim; or size_bytes)"
    " and a rate (tflops, gb/s) or a time with its unit (time_us); it has: {}":
        "{}:1:不是算子扫描:需要形状(m、n、k;或 seqlen、nheads、headdim;或 size_bytes)与速率(tflops、gb/s)"
        "或带单位的时间(time_us);现有:{}",
    "has no value": "没有值",
    "{} is none of {}": "{} 不是 {} 之一",
    "no row has a value": "没有带值的行",
    "a time alone says no rate: the file must state it, or name a stream's kernel ({})":
        "只有时间不能得出速率:文件须写明速率,或写明流式核的名称({})",
    "{} {} contradicts {} T of operations in {} s ({} {})": "{} {} 与 {} T 次运算用时 {} s 矛盾({} {})",
    "{}:1: lacks a column of power (power.draw); it has: {}": "{}:1:缺功率列(power.draw);现有:{}",
    "no sample has a value": "没有带值的样本",
    "{} cells under {} columns: the line is cut off, or two wrote into it":
        "{} 格,而有 {} 列:该行被截断,或两者写到了一起",
    "is no sample: NAME{labels} value": "不是样本:NAME{labels} value",
    "the text is cut off, or two wrote into it": "文本被截断,或两者写到了一起",
    "{} W is no card's power": "{} W 不是卡的功率",
    "{} is no time": "{} 不是时间",
    "{}:1: is no list of prices: it lacks the column(s) of {}; it has: {}":
        "{}:1:不是价格表:缺 {} 的列;现有:{}",
    "--given date={}: write a month, as 2026-06": "--given date={}:请写月份,如 2026-06",
    "holds no line of a part": "没有部件行",
    "{}: its content is of no kind that can be imported ({})": "{}:内容不属于可导入的任何一类({})",
    "{}: is no model's configuration: its JSON is no object": "{}:不是模型配置:其 JSON 不是对象",
    "{}: is empty": "{}:为空",
    "no importer of kind {}; {}": "没有 {} 类的导入器;{}",
    "{} (read as {}: {})\n{}": "{}(按 {} 读取:{})\n{}",
    "{} is no number": "{} 不是数",
    "{} is written with a decimal comma": "{} 用了小数逗号",
    "write numbers with a point (LC_ALL=C), the comma may also part thousands":
        "请用小数点写数(LC_ALL=C),逗号也可能是千位分隔",
    "{}: is {}, but {} thing(s) are missing or wrong": "{}:是 {},但有 {} 处缺失或有误",
    "--given {}: rows of kind {} have no such column; {}": "--given {}:{} 类的行没有这一列;{}",
    "{}: is no JSON": "{}:不是 JSON",
    "{}: is no table": "{}:不是表",
    "is {}, which nothing measured can be": "是 {},测量不可能得出",
    "{}: is no training log: no line gives an iteration's time (Megatron-LM's 'elapsed time per "
    "iteration (ms)', NeMo's 'train_step_timing in s', DeepSpeed's 'iter time (s)')":
        "{}:不是训练日志:没有一行给出迭代时间(Megatron-LM 的 'elapsed time per iteration (ms)'、NeMo 的 "
        "'train_step_timing in s'、DeepSpeed 的 'iter time (s)')",
    "no line of an iteration is whole": "没有完整的迭代行",
    "has experts, and a row has no columns for them": "含专家,而行中没有相应的列",
    "name its model file: --given model=…": "请写其模型文件:--given model=…",
    "{} of {} lines of iterations are torn (lines {})": "{1} 行迭代中有 {0} 行残缺(行 {2})",
    "ranks wrote into each other's lines: import the log of the last rank alone":
        "各 rank 互相写乱了行:请只导入最后一个 rank 的日志",
    "collectives data: unknown column(s) {}; known: {}": "collectives 数据:未知的列 {};已知:{}",
    "no row has the id {}; {}": "没有 id 为 {} 的行;{}",
    "collectives data, row {}: {} is {}; it must be a positive number":
        "collectives 数据,行 {}:{} 为 {};须为正数",
    "collectives data, row {}: unknown collective {}; known: {}":
        "collectives 数据,行 {}:未知的集合通信 {};已知:{}",
    "collectives data, row {}: n_gpus is {}; it must be a whole number":
        "collectives 数据,行 {}:n_gpus 为 {};须为整数",
    "{}: has a header but no rows": "{}:有表头而没有行",
}  # fmt: skip
