"""Why ``validate`` predicts a row not."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    "the number of cards in a server is not stated": "未给每台服务器的卡数",
    "the price of the system's nodes was found from this very figure": "该系统节点的价格正是由此数得出",
    "no profile of the card {}": "没有加速卡 {} 的参数文件", "known: {}": "已有:{}",
    "no profile of the model {}": "没有模型 {} 的参数文件",
    "no profile of the card {}; known: {}": "没有加速卡 {} 的参数文件;已有:{}",
    "no profile of the card {}; known of that name: {}": "没有加速卡 {} 的参数文件;同名系列已有:{}",
    "no profile of the model {}; known: {}": "没有模型 {} 的参数文件;已有:{}",
    "no profile of the model {}; known of that name: {}": "没有模型 {} 的参数文件;同名系列已有:{}",
    "known of that name: {}": "同名系列已有:{}",
    "the forward pass of a framework, operator by operator: only an engine's is modelled":
        "框架逐算子的前向：只对推理引擎建模",
    "the card is not named": "未给加速卡名", "the model is not named": "未给模型名",
    "the group spans servers, and the row does not say what NICs they have": "该组跨服务器,而该行未给网卡",
    "is one of the counts that the component table is made of": "部件故障率表正是由这些计数得出",
    "states no bandwidth that the copy takes, and its software decides how much of it blocks":
        "未给拷贝占用的带宽,其中多少会阻塞由其软件决定",
    "times of one software at one size: {}": "某一软件在某一规模下的时间:{}",
    "times of one software at one size: inputs (reliability.recovery), which no law of the model gives":
        "某一软件在某一规模下的时间:是输入(reliability.recovery),模型没有给出它的规律",
    "states no outcome that the model gives: no time to failure, count over a duration, ETTR, interval, checkpoint or"
    " recovery":
        "未给模型能给出的结果:没有无故障时间、某时长内的计数、ETTR、间隔、检查点或恢复",
    "states a bound, and no failure rate and recovery that lead to it": "只给了界,没有得出它的故障率与恢复时间",
    "counts events of a part, and not what they stop: states no MTTF": "计的是某部件的事件而非其造成的中断:未给 MTTF",
    "states a rate, which is an input, and no time to failure beside it": "只给了故障率(是输入),没有无故障时间",
    "states no MTTF, failure rate or count, no checkpoint interval, no restart time with a unit that is not a bound":
        "未给 MTTF、故障率或计数、检查点间隔,也没有带单位且不是界的重启时间",
    "states no MTTF, failure rate or count, no restart time with a unit that is not a bound":
        "未给 MTTF、故障率或计数,也没有带单位且不是界的重启时间",
    "states no failure rate of its machines": "未给其机器的故障率",
    "states no failure rate, interval and restart time together": "未同时给出故障率、间隔与重启时间",
    "states rates of parts, which are inputs ({})": "给的是部件故障率,属于输入({})",
    "waste by stragglers is what extras.straggler_rate and its like are given, not what comes out":
        "慢节点的损失是 extras.straggler_rate 等的输入,而不是结果",
    "{} states {} B parameters where the row's dimensions give {} B: some layers are of another kind (experts, state"
    " space), and no model file has them":
        "{} 给 {} B 参数,而按该行的尺寸为 {} B:有些层是另一种(专家、状态空间),没有模型文件记载",
    "no training row holds the dimensions of {}": "没有训练行记载 {} 的尺寸",
    "the launch command is cut off: its plan and options are not known": "启动命令被截断:方案与选项未知",
    "answers of four tokens: the time is the client's and the server's start, not the model's":
        "回答只有四个词元:时间来自客户端与服务器的启动,而不是模型",
    "few short requests: the client's concurrency is not in the row": "少量短请求:该行未给客户端并发",
    "the same figures stand under two different cards": "同一组数出现在两种卡名下",
    "requests not sent at once (mean TTFT {} ms of {}): the rate is not in the row":
        "请求并非同时发出(平均首词元时间 {} 毫秒,{}):该行未给速率",
    "speculative decoding without a stated acceptance": "推测解码未给接受率",
    "no measured value: neither a step time nor tokens per second nor an MFU":
        "没有实测值:既无单步时间,也无每秒词元或 MFU",
    "the row does not say how the model is spread over its cards": "该行未给模型在各卡上的并行方案",
    "the row has no {}": "该行没有 {}", "no number format is stated": "未给数值格式",
}  # fmt: skip
