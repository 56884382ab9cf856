"""Words that stand by themselves in cells, in the places of lines, and behind the joints."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    "(no rows)": "(没有行)", "yes": "是", "no": "否", "none": "无", "all": "合计",
    # --- tiers, kinds, rooms
    "measured": "实测", "published": "公开", "derived": "推导", "assumption": "假设",
    "training": "训练", "serving": "推理", "video": "视频", "vision": "视觉", "jobs": "任务",
    "fabric": "互连", "perf": "性能", "des": "长期运行", "econ": "经济", "market": "市场", "finance": "财务",
    "input": "输入", "output": "输出", "workload": "负载", "reliability": "可靠性", "forecast": "预测",
    "valuation": "估值", "cluster": "集群", "site": "站点", "demand": "需求", "company": "公司",
    # --- units of work
    "million trained tokens": "百万训练词元", "million tokens served": "百万服务词元",
    "million input tokens": "百万输入词元", "million cached tokens": "百万缓存词元",
    "million output tokens": "百万输出词元", "stream-hour": "路·小时", "useful card-hour": "有效卡时",
    "image": "图像", "sample": "样本", "second of video": "秒视频",
    # --- units behind numbers
    "{n} years": "{} 年", "{n} weeks": "{} 周", "{n} cards": "{} 卡", "{n} tokens/s": "{} 词元/秒",
    "{n} to {n}": "{} 至 {}", "{n} of {n}": "{}/{}", "{n} CNY": "{} 元", "{n} M CNY": "{} 百万元",
    "{n} M CNY/year": "{} 百万元/年", "CNY/h": "元/小时", "{n} CNY/h": "{} 元/小时", "{n} 1/s": "{} 次/秒",
    "{n} h": "{} 小时", "{n} s": "{} 秒", "{n} ms": "{} 毫秒",
    "best found": "搜索所得最优", "stated": "给定", "as stated": "按给定", "in the draws": "在抽样中",
    "above": "高于", "below": "低于", "inside": "在范围内", "outside": "在范围外", "within": "在范围内",
    "beyond": "超出",
    "and {} more": "另有 {} 个",
    "tie": "并列", "a tie": "并列", "leads": "领先", "ordered": "下单", "unknown": "未知",
    "power": "功率", "height": "高度", "air": "风冷", "liquid": "液冷", "weight": "承重",
    # --- groups and parts of a bill
    "servers": "服务器", "spares": "备件", "storage": "存储",
    "management": "管理",
    "racks": "机柜", "integration": "集成", "VAT": "增值税", "switches": "交换机", "optics": "光模块", "cables": "线缆",
    "electricity": "电费", "maintenance": "维护", "staff": "人员", "capital": "资本", "colocation": "托管",
    "other costs": "其他成本", "installation": "安装",
    # --- words of results
    "step time": "单步时间", "throughput": "吞吐", "MFU / HFU": "MFU / HFU", "cost": "成本", "energy": "电量",
    "goodput": "有效吞吐", "value": "值", "price": "价格", "units": "销量", "revenue": "收入", "target price": "目标价",
    "printed target": "印刷目标价", "recomputed target": "重算目标价",
    "before": "之前", "after": "之后", "base": "基准", "high": "高", "low": "低", "closed": "解析", "vector": "向量化",
    "checkpoint": "检查点", "rework": "重做", "recovery": "恢复",
    "other product lines": "其他产品线", "together": "合计", "share": "占比",
}  # fmt: skip
