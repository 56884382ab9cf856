"""What an audit of a printed report says of ties, texts and drivers: its checks, and why they fail."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- checks
    "{} from its quarters": "{}(由四个季度)", "{} from its halves": "{}(由上下半年)", "{} of its lines": "{}(由其两行)",
    "{} from its parts": "{}(由其组成)", "{} from its lines {}": "{}(由其各行){}", "{} on two lines": "{} 印在两行",
    "{} from capital and reserves {}": "{}(由股本与储备){}", "{} from the assets {}": "{}(由资产){}",
    "{} and dividends_paid {}": "{} 与 {} 已付股息", "{} beside earnings": "{} 与盈利相比",
    "{} at a par value of one": "{}(按面值一元)", "{} implies the shares of {}": "{} 隐含 {} 的股数",
    "{} take a tenth of profit": "{} 提取利润的一成", "paid-in capital {} rolls forward": "实收资本 {} 逐年衔接",
    "{} is taken up by no balance of its own": "{} 没有自己的余额承接",
    "median {}": "{} 中位数", "letter of {} in {}": "{1} 中 {0} 的字母",
    "{} is actual or forecast": "{} 是实际还是预测",
    "{} follows a forecast": "{} 排在预测之后", "{} prints every year": "{} 逐年印出",
    "{} {n} is printed": "{} {} 已印",
    "segments {} sum to {}": "{} 各分部之和为 {}", "units x price of {}": "{} 的销量 x 单价",
    "products {} within revenue": "{} 各产品之和不超过收入", "{} over unlock_pct_total": "{} 除以 unlock_pct_total",
    # --- checks of texts
    "text: {}": "正文:{}", "text: {} in two spellings": "正文:{} 有两种写法",
    "text: {} listed twice": "正文:{} 列了两次",
    "text: {} {} of the peers": "正文:可比公司的{} {}", "text: change of {}": "正文:{} 的变动",
    "text: first revenue in {}": "正文:{} 年首次有收入", "text: {} grows in {}": "正文:{} 在 {} 年增长",
    "text: {} falls in {}": "正文:{} 在 {} 年下降", "text: growth between the two amounts": "正文:两个数额之间的增长",
    "text: {} over revenue {}": "正文:{} 占收入 {}", "text: {} growth {}": "正文:{} 增长 {}",
    "text: {} compound growth": "正文:{} 复合增长", "text: heading of table {}": "正文:表 {} 的表头",
    "text: caption {}": "正文:图表 {} 的标题", "text: nobody there in {}": "正文:{} 年称无人",
    "text: one heading in two spellings": "正文:同一标题两种写法", "text: status is out of date": "正文:状态已过期",
    "text: the multiple behind {}": "正文:{} 背后的倍数", "text: unit of {}": "正文:{} 的单位",
    "text: currency of {}": "正文:{} 的货币", "text: implied_multiple {}": "正文:隐含倍数 {}",
    "text: multiple {}": "正文:倍数 {}", "text: peers {}": "正文:可比公司 {}", "text: value of": "正文:该方法的价值",
    "text: {} years from {} to {}": "正文:{1} 至 {2} 为 {0} 年", "text: revenue of {}": "正文:{} 的收入",
    # --- why
    "cash moves by it ({}), equity by profit alone, and only other_non_current_assets take it up, together with {}":
        "现金随它变动({}),权益只随利润变动,只有 other_non_current_assets 把它与 {} 一并承接",
    "it is cash less the printed debt ratio ({} percent) of equity of {}, whose cash flow is discounted beside it":
        "它是现金减去印刷的负债率({}%)乘 {} 年权益,而该年现金流又一并折现",
    "{} % of EPS, in other years {} %": "为每股盈利的 {} %,其他年份为 {} %",
    "closing cash of {} is {}": "{} 期末现金为 {}",
    "closing {} over {}": "期末 {} 除以 {}", "target_price over {}": "target_price 除以 {}",
    "current_price over {}": "current_price 除以 {}", "{} over shares": "{} 除以股数",
    "{} over diluted_shares": "{} 除以摊薄股数", "{} over total_assets": "{} 除以总资产",
    "equals {}: no adjustments": "等于 {}:没有调整", "held at {} % of {}": "固定为 {1} 的 {0} %",
    "is {} % of {}": "为 {1} 的 {0} %", "grows by {} %": "增长 {} %",
    "moves by {} points a year": "每年变动 {} 个百分点",
    "equity of {}; nothing printed explains the rest": "{} 的权益;其余没有印刷的数字可解释",
    "{}; nothing printed explains the rest": "{};其余没有印刷的数字可解释",
    "expected for a date before the report: {}": "所预计的日期早于报告:{}",
    "line {} words it otherwise": "第 {} 行用词不同",
    "line {} spells it otherwise": "第 {} 行写法不同", "line {} lists it as number {}: {}": "第 {} 行列为第 {} 项:{}",
    "its closing balance is {} days of {}": "其期末余额为 {1} 的 {0} 天", "opening balance and {}": "期初余额与 {}",
    "{}; the year after is off by as much the other way": "{};次年反向相差同样多",
    "said to grow steadily, it falls ({} to {}): {}": "称其稳定增长,实则下降({} 至 {}):{}",
    "the table is headed as another one": "该表的表头是另一张表的",
    "the table prints {} and {}: {}": "表中印 {} 与 {}:{}",
    "the tables and the text elsewhere call this line {}": "表格与正文他处称该行为 {}",
    "the tables go the other way: {}": "表格的方向相反:{}",
    "the tables have revenue in {}: {}": "表格在 {} 年已有收入:{}",
    "the words count single units and the bracket larger ones: {}": "文字以个计,括号中的单位更大:{}",
    "{} reaches it by sales: {}": "{} 由销售额得到它:{}", "equity less outside owners": "权益减外部股东",
    "operating profit before depreciation": "折旧前经营利润", "all borrowings": "全部借款",

    "{} names no currency: read as {}, as the statements are": "{} 未指明货币:与报表同,读作 {}",
    "{} prints it the other way": "{} 的印法相反", "the status says {}": "状态写作 {}",
    "the dates are out of order": "日期次序颠倒", "the products alone are more than revenue": "各产品之和已超过收入",
    "other statements print it": "其他报表印有该年", "the other lines of the table have this year": "表中其他行有该年",
}  # fmt: skip
