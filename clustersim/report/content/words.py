"""Phrases of the documents in English and Chinese; the places in braces are filled with numbers and names."""

from __future__ import annotations

from clustersim.report.content.offer_money_words import OFFER_MONEY
from clustersim.report.content.offer_words import OFFER
from clustersim.report.labels.typeset import set_words

__all__ = ["PHRASES"]

_WRITTEN: dict[str, tuple[str, str]] = {
    # --- heads
    "initiation": ("Initiation of coverage", "首次覆盖报告"),
    "update": ("Update", "更新报告"),
    "subtitle": (
        "{kind} · market data of {date} · clustersim {version}",
        "{kind} · 市场数据截至{date} · clustersim {version}",
    ),
    "subtitle_undated": (
        "{kind} · date of the market data not stated · clustersim {version}",
        "{kind} · 未注明市场数据日期 · clustersim {version}",
    ),
    "foot": (
        "Every number is computed by clustersim {version} from the scenario {name}; `clustersim "
        "export bundle` gives the"
        " inputs, `clustersim verify` recomputes them.",
        "所有数字均由 clustersim {version} 根据情景 {name} 计算;`clustersim export bundle` 导出全部"
        "输入,`clustersim verify` 可复算。",
    ),
    "target": ("Target price", "目标价"),
    "price": ("Share price", "股价"),
    "upside": ("Upside", "潜在升幅"),
    "rating": ("Rating", "评级"),
    "strong buy": ("Strong buy", "强烈买入"),
    "buy": ("Buy", "买入"),
    "neutral": ("Neutral", "中性"),
    "avoid": ("Avoid", "回避"),
    "not rated": ("Not rated: checks fail", "核对不成立,不予评级"),
    # --- sections
    "thesis": ("The thesis in numbers", "核心观点"),
    "changes": ("What has changed", "本次变动"),
    "corridor": ("From the card to the cost of what it does", "从芯片到单位工作成本"),
    "products": ("Products: units and prices", "产品:销量与单价"),
    "forecast": ("Forecast", "盈利预测"),
    "valuation": ("Valuation", "估值"),
    "scenarios": ("Scenarios and their probabilities", "情景与概率"),
    "mind": ("What would change our mind", "什么会改变我们的判断"),
    "risks": ("Risks", "风险"),
    "assumptions": ("Assumptions and how well they are known", "假设及其可靠程度"),
    "disclosures": ("Disclosures (template)", "披露(模板)"),
    # --- thesis
    "thesis_target": (
        "We value {title} at {currency} {target} a share, {upside} against the price of {currency} "
        "{price}: {rating}.",
        "我们给予{title}目标价每股{target} {currency},较现价{price} {currency}有{upside}空间:{rating}。",
    ),
    "thesis_withheld": (
        "No target price is given for {title} and no rating: checks fail that the value rests on. The arithmetic "
        "gives {currency} {target} a share ({upside} against the price of {currency} {price}), which is no answer.",
        "不给出{title}的目标价与评级:估值所依据的核对不成立。按算式得每股{target} {currency}(较现价{price} "
        "{currency}为{upside}),不能作为结论。",
    ),
    "withheld_price": ("The value of a share comes to nothing.", "每股价值为零。"),
    "thesis_growth": (
        "Revenue goes from CNY {from_} bn in {first} to CNY {to} bn in {last}; EBIT from CNY "
        "{ebit_from} bn to CNY {ebit_to} bn.",
        "收入由{first}的{from_}亿元变为{last}的{to}亿元,息税前利润由{ebit_from}亿元变为{ebit_to}亿元。",
    ),
    "thesis_legs": (
        "The discounted cash flows are worth {currency} {dcf} bn, {peers}; {after}.",
        "现金流折现得{dcf}亿{currency},{peers};{after}。",
    ),
    "legs_peers": ("the peers' multiples {currency} {ps} bn", "可比公司倍数得{ps}亿{currency}"),
    "legs_no_peers": ("and without peers they alone set the target price", "未设可比公司,目标价仅由其决定"),
    "after_share": ("{share} of the enterprise value lies after {last}", "企业价值的{share}来自{last}之后"),
    "after_parts": (
        "the flows up to {last} come to CNY {flows} bn, what follows to CNY {terminal} bn",
        "至{last}的现金流现值为{flows}亿元,其后为{terminal}亿元",
    ),
    "thesis_draws": (
        "Over the ranges of the uncertain inputs the target price lies between {currency} {p10} "
        "and {p90} in eight of ten"
        " draws (median {p50}); {above} of the draws lie above the market price.",
        "在不确定输入的取值范围内,八成抽样的目标价介于{p10}与{p90} {currency}之间(中位数{p50});"
        "{above}的抽样高于现价。",
    ),
    "thesis_card": (
        "On the site of {scenario} a card-hour costs CNY {hour}. Against {incumbent}, doing the "
        "same work, the card is"
        " worth CNY {value} to its buyer.",
        "在{scenario}的集群上,每卡时成本{hour}元。与完成同样工作的{incumbent}相比,该卡对买方的使用"
        "价值为{value}元。",
    ),
    "thesis_worthless": (
        "Below zero means that no price of the card makes this work pay here: its servers, power and site "
        "alone cost a buyer more than the incumbent's cluster does for the same work.",
        "负值表示任何卡价下此项工作在此集群上均不划算:仅服务器、电力与机房的成本已高于现有方案完成同样工作的"
        "成本。",
    ),
    "thesis_dear": (
        "The forecast sells {product} at CNY {price} in {year}, which is more than a buyer with this work alone would "
        "pay. The rating is that of the company file, whose units and prices assume buyers with other work; this site "
        "moves the target price only by how far its value departs from the one recorded with that file.",
        "预测中{product}在{year}的售价为{price}元,高于仅有此项工作的买方所愿支付的价格。评级取决于公司文件,其销量"
        "与单价假设买方另有其他工作;该集群仅以其使用价值相对随文件记录值的变化影响目标价。",
    ),
    "thesis_printed": (
        "The report behind the forecast prints {currency} {printed} a share. {why}",
        "所依据的报告印刷的目标价为每股{printed} {currency}。印刷的现值并不能由印刷的现金流、WACC与"
        "增长率按任何常用口径算出;"
        "按同一现金流重算(年末现金流、以上一实际年度末为基准),企业价值更高,目标价也更高。",
    ),
    "expected": (
        "By the probabilities of its cases the target price is {currency} {expected}.",
        "按各情景概率加权的目标价为{expected} {currency}。",
    ),
    # --- corridor
    "corridor_site": (
        "{cards} cards in {servers} servers draw {power} MW with cooling, cost CNY {capex} m to "
        "buy and CNY {hour} per"
        " card-hour over {years} years.",
        "{servers}台服务器共{cards}张卡,含制冷功率{power} MW,购置成本{capex}百万元,{years}年期每卡"
        "时成本{hour}元。",
    ),
    "corridor_none": (
        "No cluster stands behind this company file. Ask for the note of a scenario to see the "
        "corridor from the card.",
        "该公司文件背后没有集群。请以情景为对象导出报告,以查看从芯片开始的链条。",
    ),
    "corridor_training": (
        "{work}: a step takes {step} s (P10 to P90 {low} to {high} s), {mfu} of the cards' peak; "
        "{ettr} of the time is productive.",
        "{work}:每步{step}秒(P10至P90为{low}至{high}秒),达到峰值的{mfu};有效训练时间占{ettr}。",
    ),
    "corridor_serving": (
        "{work}: {rate} output tokens per second and card; first token within {ttft} s (P99), {slo}"
        " of requests meet their service level.",
        "{work}:每卡每秒输出{rate}词元;首词元时延P99为{ttft}秒,{slo}的请求满足服务水平。",
    ),
    "corridor_units": (
        "{work}: {made} × {unit} by each card in an hour.",
        "{work}:每卡每小时完成{made} × {unit}。",
    ),
    "corridor_jobs": (
        "{work}: {share} of the card-hours are in use, {useful} are of use; 95% of the jobs wait {wait} h at most.",
        "{work}:{share}的卡时在用,{useful}为有效卡时;95%的作业等待不超过{wait}小时。",
    ),
    "predicted": (
        "Cards that nobody has measured are predicted: P10 to P90 are the errors seen on measured "
        "cards of the same class"
        " of software maturity, which were mostly slower than predicted, so that the range can lie "
        "above the point.",
        "未有实测的芯片均为预测:P10至P90取自软件成熟度同类、有实测芯片上的预测误差;这些芯片大多慢于"
        "预测,故区间可高于点估计。",
    ),
    "millions": ("million", "百万"),
    "years": ("years", "年"),
    "unit_cost": ("Cost of a unit, CNY", "单位成本(元)"),
    "unit_cost_zoom": ("Cost of a million tokens, CNY", "每百万词元成本(元)"),
    "own": ("This card", "本卡"),
    "other": ("{name} (incumbent)", "{name}(现有方案)"),
    "work": ("Work", "工作负载"),
    "unit": ("Unit", "单位"),
    "range": ("P10 to P90", "P10至P90"),
    "span": ("Range", "取值范围"),
    "cost_of": ("Cost of a site a year, CNY m", "集群年成本(百万元)"),
    "product_movement": (
        "Movement of the target price since the anchor: {what} {change} {currency}.",
        "自锚点以来目标价变动:{what} {change} {currency}。",
    ),
    # --- products
    "products_units": ("Units sold, thousand cards", "销量(千张)"),
    "products_prices": ("Price (ASP), thousand CNY a card", "单价(千元/张)"),
    "products_revenue": ("Revenue by product, CNY bn", "分产品收入(亿元)"),
    "product": ("Product", "产品"),
    "services": ("Services", "服务"),
    "products_none": ("No card is sold in {year}.", "{year}没有芯片销售。"),
    "products_said": (
        "{product} brings the largest part of revenue in {year}: {share}. Units and prices by "
        "product are an assumption where"
        " only total revenue is known.",
        "{year}收入占比最大的产品为{product},占{share}。若仅知总收入,分产品销量与单价为假设。",
    ),
    # --- forecast
    "summary": ("Income statement, CNY m", "损益表摘要(百万元)"),
    "balance_cash": ("Balance sheet and cash flow, CNY m", "资产负债与现金流摘要(百万元)"),
    "ratios": ("Growth, margins and per-share figures", "增长、利润率与每股数据"),
    "item": ("Item", "项目"),
    "profits": ("Revenue, EBIT and net profit, CNY bn", "收入、息税前利润与净利润(亿元)"),
    "cash": ("Free cash flow, CNY bn", "自由现金流(亿元)"),
    "checks_hold": ("All checks of the statements hold.", "报表各项核对均成立。"),
    "checks_fail": ("CHECK FAILS, {year}: {check}.", "核对不成立,{year}:{check}。"),
    # --- valuation
    "legs": ("How the target price is made", "目标价的构成"),
    "pv_fcf": ("Present value of free cash flows, CNY bn", "自由现金流现值(亿元)"),
    "pv_terminal": ("Present value of what follows, CNY bn", "永续期现值(亿元)"),
    "dcf_leg": ("Equity by the DCF, {currency} bn", "DCF股权价值(亿{currency})"),
    "ps_leg": ("Equity by the peers, {currency} bn", "可比公司股权价值(亿{currency})"),
    "blended": ("Blended, {currency} bn", "加权股权价值(亿{currency})"),
    "target_per_share": ("Target price per share, {currency}", "每股目标价({currency})"),
    "printed": ("As printed", "报告印刷值"),
    "recomputed": ("Recomputed", "重算值"),
    "free_cash_flow": ("Free cash flow, CNY m", "自由现金流(百万元)"),
    "conventions": (
        "Target price under the usual conventions, {currency} a share",
        "不同估值口径下的目标价(每股{currency})",
    ),
    "convention": ("Convention", "口径"),
    "field": ("Football field, {currency} a share", "估值区间图(每股{currency})"),
    "low": ("Low", "低"),
    "high": ("High", "高"),
    "field_grid": ("WACC and growth, a step either way", "WACC与增长率各变动一档"),
    "field_conventions": ("Conventions and peers", "估值口径与可比公司"),
    "field_cases": ("Bear to bull", "悲观至乐观情景"),
    "field_draws": ("Draws of the company's inputs, P10 to P90", "公司输入抽样,P10至P90"),
    "field_chain": ("Draws of cards and site, P10 to P90", "芯片与集群输入抽样,P10至P90"),
    "market_price": ("Market price", "现价"),
    "reverse": (
        "The market price follows from the same flows at a WACC of {wacc}, or with every flow "
        "{haircut} lower.",
        "若以{wacc}的WACC折现,或所有现金流降低{haircut},同样的现金流即对应现价。",
    ),
    "reverse_higher": (
        "The market price follows from the same flows at a WACC of {wacc}, or with every flow "
        "{haircut} higher.",
        "若以{wacc}的WACC折现,或所有现金流提高{haircut},同样的现金流即对应现价。",
    ),
    # --- scenarios
    "case": ("Case", "情景"),
    "base": ("Base", "基准"),
    "bear": ("Bear", "悲观"),
    "bull": ("Bull", "乐观"),
    "probability": ("Probability", "概率"),
    "below": ("Draws below it", "低于该值的抽样"),
    "revenue_in": ("Revenue {year}, CNY bn", "{year}收入(亿元)"),
    "way_to": ("From base to {case}, {currency} a share", "由基准至{case}(每股{currency})"),
    "no_probability": (
        "The company file states no probabilities of its cases; the table says how many of "
        "{samples} draws of the uncertain"
        " inputs lie below each target.",
        "公司文件未给出各情景概率;表中列示不确定输入的{samples}次抽样中低于各目标价的比例。",
    ),
    "no_cases": (
        "The company file states no cases, so that there is one forecast and no range of scenarios.",
        "公司文件未给出情景,故只有一种预测,没有情景区间。",
    ),
    # --- mind
    "no_moves": (
        "No input with a range moves the target price: the company file states low and high of none that does.",
        "没有带取值范围的输入会改变目标价:公司文件未给出此类输入的上下限。",
    ),
    "flips": ("Where the target price would be the market price", "目标价等于现价时的输入值"),
    "input": ("Input", "输入"),
    "ours": ("Ours", "我们的取值"),
    "at_market": ("At the market price", "对应现价的取值"),
    "nowhere": ("none from {low} to {high}", "{low}至{high}之间无解"),
    "tornado": (
        "Target price over each input's range, {currency} a share",
        "各输入取值范围对应的目标价(每股{currency})",
    ),
    "mind_said": (
        "{input} moves the target price most: from {currency} {low} to {high} over its range. We "
        "would be wrong about the"
        " rating at the values of the table, each alone.",
        "{input}对目标价影响最大:在其取值范围内由{low}变至{high} {currency}。单独变动至表中数值时,"
        "我们的评级将不再成立。",
    ),
    # --- risks
    "risk_terminal": (
        "Distance: {after}.",
        "远期依赖:{after}。",
    ),
    "risk_product": (
        "Concentration: {product} is {share} of revenue in {year}.",
        "产品集中:{product}占{year}收入的{share}。",
    ),
    "risk_card": (
        "Performance: the card's figures are predictions; its value in use lies between CNY {low} "
        "and {high} (P10 to P90).",
        "性能:芯片数据为预测值,其使用价值介于{low}与{high}元之间(P10至P90)。",
    ),
    "risk_incumbent": (
        "Competition: the buyer's alternative is {incumbent}; were it cheaper, units and prices of "
        "every line would fall.",
        "竞争:买方的替代方案为{incumbent};其若降价,各产品线的销量与单价均会下降。",
    ),
    "risk_bear": (
        "Downside: in the {case} case the target price is {currency} {target} ({upside}).",
        "下行:{case}情景下目标价为{target} {currency}({upside})。",
    ),
    "risk_check": (
        "In the {case} case this does not hold in {years}: {check}.",
        "{case}情景下,{years}不满足:{check}。",
    ),
    "risk_weakest": (
        "Evidence: the weakest input of the result is of the tier “{tier}”; the table of "
        "assumptions names them.",
        "依据:结果所依赖的最弱输入属于“{tier}”一级,详见假设表。",
    ),
    "risk_note": ("Note of the model: {note}", "模型提示:{note}"),
    # --- assumptions
    "tiers": ("Numbers by how well they are known", "各可靠程度的数值个数"),
    "tier": ("Tier", "可靠程度"),
    "count": ("Numbers", "个数"),
    "measured": ("measured", "实测"),
    "published": ("published", "公开"),
    "derived": ("derived", "推导"),
    "assumption": ("assumption", "假设"),
    "given": ("given", "设定"),
    "main_assumptions": (
        "Inputs behind the numbers, the least known first",
        "各项数字所依据的输入（依据最弱者在前）",
    ),
    "value": ("Value", "取值"),
    "source": ("Source", "来源"),
    "tiers_said": (
        "Measured: read from an instrument. Published: stated by its maker or a report. Derived: "
        "computed from such. Assumption:"
        " our judgement, with a range where we have one. Given: chosen by whoever asks.",
        "实测:来自测量;公开:由厂商或报告披露;推导:由前述数据计算;假设:我们的判断,有依据时给出范围;"
        "设定:由提问者选定。",
    ),
    # --- changes
    "changes_set": ("{input} = {value}", "{input} = {value}"),
    "changes_target": (
        "The target price goes from {currency} {before} to {currency} {after}.",
        "目标价由{before} {currency}调整为{after} {currency}。",
    ),
    "changes_none": ("Nothing was changed against the files as they stand.", "与现有文件相比没有变动。"),
    # --- disclosures
    "disclosure_analyst": (
        "Analyst certification: [name, licence number] certifies that the views in this document "
        "are their own and that no"
        " part of their pay depends on them.",
        "分析师声明:[姓名、执业编号]声明本文观点为其本人观点,其薪酬与所述观点无直接或间接关联。",
    ),
    "disclosure_interest": (
        "Interests: [the firm and its affiliates hold / do not hold 1 % or more of the securities; "
        "have / have not had a"
        " banking relation with the company within 12 months].",
        "利益披露:[本机构及其关联方持有/未持有该公司1%或以上证券;过去12个月内与该公司存在/不存在投"
        "资银行业务关系]。",
    ),
    "disclosure_rating": (
        "Ratings: strong buy from 20 % upside, buy from 10 %, neutral from −10 %, avoid below.",
        "评级说明:升幅20%以上为强烈买入,10%以上为买入,−10%以上为中性,以下为回避。",
    ),
    "disclosure_model": (
        "The figures are results of a model on the inputs that this document names. They are no "
        "offer and no advice.",
        "本文数字为模型在所列输入下的结果,不构成要约或投资建议。",
    ),
    "disclosure_fill": (
        "Text in square brackets is for the analyst who puts a name to this document to fill in; "
        "compliance has to approve it.",
        "方括号内的内容由署名分析师填写,并须经合规部门审核。",
    ),
    **OFFER,
    **OFFER_MONEY,
}
PHRASES = set_words(_WRITTEN)
