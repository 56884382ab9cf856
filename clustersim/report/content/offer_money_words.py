"""Phrases of the proposal on money, risks, sources and terms, of its page and its workbook: (English, Chinese)."""

from __future__ import annotations

__all__ = ["OFFER_MONEY"]

OFFER_MONEY: dict[str, tuple[str, str]] = {
    # --- bill
    "bill_table": ("Bill of materials, before VAT", "物料清单(不含增值税)"),
    "part": ("Part", "部件"), "units": ("Quantity", "数量"), "unit_price": ("Unit price, CNY", "单价(元)"),
    "total_m": ("Total, CNY m", "合计(百万元)"), "weeks": ("Lead time, weeks", "备货(周)"),
    "hardware": ("Hardware", "硬件"),
    "integration": ("Integration and software", "集成与软件"),
    "vat": ("VAT", "增值税"),
    "capex": ("To buy, VAT included", "购置成本(含税)"),
    "group.cards": ("Cards", "芯片"), "group.servers": ("Servers", "服务器"), "group.spares": ("Spares", "备件"),
    "group.network": ("Network", "网络"),
    "group.storage": ("Storage", "存储"),
    "group.management": ("Management", "管理"),
    "group.racks": ("Racks", "机柜"), "group.link": ("Between groups", "组间互联"),
    "cash_table": ("Cash by year, CNY m", "分年现金(百万元)"), "year_end": ("End of year", "年末"),
    "cash_opex": ("Running costs", "运行成本"), "cash_back": ("Residual value", "残值"),
    "cash_total": ("Cash out", "现金流出"), "cash_discounted": ("Discounted at {wacc}", "按{wacc}折现"),
    "cash_sum": ("All", "合计"),
    "cash_chart": ("Cash out by year, CNY m", "分年现金流出(百万元)"),
    "year_terms": ("Cost of a year, CNY m", "年度成本(百万元)"), "share_of": ("Share", "占比"),
    "cash_said": (
        "Running costs are at today's prices; capital is the annuity of the purchase at {wacc} less a residual of"
        " {residual} after {years} years.",
        "运行成本按当前价格计;资本成本为按{wacc}、{years}年、残值{residual}计算的年金。"),
    # --- against
    "against_said": (
        "Every side does the same work at the rate that it sustains, under the site terms of {name}. A side that"
        " cannot do it has no cost.",
        "各方在{name}的场地条件下,以各自可持续速率完成同样工作;无法完成者不列成本。"),
    "sites_table": ("The sites", "各方场地"), "power_kw": ("Power, kW", "功率(千瓦)"), "racks_n": ("Racks", "机柜"),
    "capex_m": ("To buy, CNY m", "购置(百万元)"), "tco_m": ("TCO, CNY m", "总拥有成本(百万元)"),
    "hour": ("CNY per card-hour", "每卡时(元)"),
    "unit_table": ("{work}: cost of a {unit}, CNY", "{work}:每{unit}成本(元)"),
    "per_hour": ("Per card-hour", "每卡时产出"), "cost": ("Cost", "成本"),
    "wins_all": ("Cheapest in the draws", "抽样中成本最低"),
    "gap_said": (
        "A card-hour of {side} costs CNY {theirs_hour} and makes {theirs_rate} {unit}; one of this offer costs CNY"
        " {ours_hour} and makes {ours_rate}.",
        "{side}每卡时成本{theirs_hour}元,产出{theirs_rate}{unit};本方案每卡时{ours_hour}元,产出{ours_rate}。"),
    "gap_table": ("{work}: {side} less this offer, CNY a {unit}", "{work}:{side}减本方案,每{unit}(元)"),
    "term": ("Term", "成本项"),
    "difference": ("Difference", "差额"),
    "share_of_gap": ("Share of the gap", "占差额比例"),
    "all": ("All", "合计"),
    "gap_chart": ("{work}: from this offer to {side}, CNY a {unit}", "{work}:由本方案至{side},每{unit}(元)"),
    "even": (
        "At a card price of CNY {price} (before VAT) {side} costs as much as this offer over the whole demand.",
        "{side}的卡价为{price}元(不含税)时,与本方案在全部需求上成本相同。"),
    "even_never": (
        "Even with a card for nothing {side} costs more than this offer over the whole demand.",
        "即使卡价为零,{side}在全部需求上的成本仍高于本方案。"),
    "even_ours": (
        "This offer does it at the cost of {side} with a card at CNY {price} before VAT (now {now}).",
        "本方案卡价为{price}元(不含税,现价{now}元)时与{side}成本相同。"),
    "even_ours_never": (
        "Even with its card for nothing this offer costs more than {side}.",
        "即使本方案卡价为零,成本仍高于{side}。"),
    "unable": ("{side} has no cost: {reason}", "{side}无成本:{reason}"),
    # --- risks
    "risk_maturity": (
        "Software: the error of predicting {work} on {card} is that of its class, “{maturity}”: measured time over"
        " predicted is {low} to {high} (P10 to P90).",
        "软件:{work}在{card}上的预测误差按类别“{maturity}”取值,实测/预测时间比P10至P90为{low}至{high}。"),
    "risk_measure": (
        "Software: a measured run of this work on these cards before acceptance would replace such ranges by a number.",
        "软件:验收前在这些卡上实跑上述负载,即可以实测值取代上述区间。"),
    "risk_input": (
        "{input}: over {value} the unit of work costs CNY {low} to {high}.",
        "{input}:取值{value}时,单位成本为{low}至{high}元。"),
    "risk_lead": (
        "Supply: {part} has the longest lead time, {weeks} weeks.", "供应:{part}备货最长,需{weeks}周。"),
    "risk_lead_range": (
        "Supply: {part} has the longest lead time, {value}.",
        "供应:{part}备货最长,需{value}。"),
    "risk_level": (
        "Service level: {work} is planned with {point} of the requests within it; in the draws {low} to {high} are (P10"
        " to P90), and keeping it could need a lower rate than the cost counts on.",
        "服务水平:{work}按{point}的请求满足计划;抽样中为{low}至{high}(P10至P90),为满足之可能须低于成本所计的速率。"),
    "risk_sold": (
        "Use: the costs hold with {share} of the hours sold; fewer hours raise them in proportion.",
        "利用率:成本按售出{share}的时长计;时长减少,成本按比例上升。"),
    "risk_behind": (
        "Competition: {side} is cheaper for {work} by the point estimate: CNY {theirs} per {unit} against {ours}.",
        "竞争:按点估计,{side}做{work}更便宜:每{unit}{theirs}元,本方案{ours}元。"),
    "risk_even": (
        "Competition: against {side} the offer is even at a card price of CNY {even}, below its price of CNY {price}.",
        "竞争:与{side}持平的单卡价为{even}元,低于现价{price}元。"),
    "risk_even_never": (
        "Competition: against {side} the offer is even at no card price; it is CNY {price} now.",
        "竞争:任何单卡价都不能与{side}持平;现价{price}元。"),
    "risk_unmodelled": (
        "Not in the numbers: quality of answers at lower precision, migration of the customer's code, export licences,"
        " resale prices other than the stated residual, and taxes on income.",
        "未计入:低精度下的回答质量、客户代码迁移、出口许可、所述残值以外的转售价格、所得税。"),
    # --- assumptions and sources
    "key": ("Key", "键"), "cost_over": ("Cost of a unit over the range, CNY", "取值范围内单位成本(元)"),
    "moving_inputs": ("Inputs that move the cost of a unit most", "对单位成本影响最大的输入"),
    "changed_inputs": ("Inputs changed for this proposal from what the files state", "本方案对档案所作的改动"),
    "weakest_inputs": ("Further inputs of the site's own terms and prices", "其他场地条件与价格输入"),
    "sources_said": (
        "Step one: find the number below, or in numbers.csv and the sheet Numbers (all of them): its key is where the"
        " command's JSON holds it, and beside it stand the parts of the input that it is computed from. Step two: find"
        " those inputs in inputs.csv or the sheet Inputs, with value, range, tier and source.",
        "第一步:在下表(全部数字见 numbers.csv 与工作表“数字”)找到该数字,其键即命令 JSON 中的位置,并列出所依据的输入。"
        "第二步:在 inputs.csv 或工作表“输入”中查到这些输入的取值、范围、可靠程度与来源。",
    ),
    "sources_table": ("Main numbers and what they rest on", "主要数字及其依据"),
    "number": ("Number", "数字"), "shown": ("Shown", "显示值"), "weakest": ("Weakest input", "最弱输入"),
    "more": ("{first} and {more} more", "{first}等{more}项"),
    "none_weak": ("stated by the scenario", "情景给定"),
    "in.prices.parts": ("Price of {of}", "{of}单价"),
    "in.reliability.mttf_scale": (
        "Mean time between failures over that of the published fleet",
        "平均故障间隔(相对公开集群)"),
    "in.reliability.repair_time": ("Time to repair a server", "服务器维修时间"),
    "in.reliability.recovery.detect": ("Time to detect a failure", "故障检测时间"),
    "in.reliability.recovery.localise": ("Time to find the failed server", "故障定位时间"),
    "in.reliability.recovery.reschedule": ("Time to replace it", "替换时间"),
    "in.reliability.recovery.initialise": ("Time to start again", "重新初始化时间"),
    "the scenario states it": ("the scenario states it", "情景给定"),
    "computed from what the scenario states; no input with a source moves it": (
        "computed from what the scenario states; no input with a source moves it",
        "由情景所述计算得出;没有带来源的输入使其变动"),
    "the fleet's own row of the answer names its source": (
        "the fleet's own row of the answer names its source",
        "来源见结果中该集群一行"),
    "arithmetic of the claim's own words": ("arithmetic of the claim's own words", "按宣称文字直接推算"),
    "how many were asked for": ("how many were asked for", "所要求的数量"),
    "unmeasured": ("software that nobody measured there", "尚无实测的软件"),
    # --- terms
    "term_fill": (
        "Text in square brackets is for the seller to fill in; nothing here is an offer before it is signed.",
        "方括号内容由卖方填写;签署前不构成要约。"),
    "term_price": (
        "Price: [currency, VAT, validity in days, place of delivery].",
        "价格:[币种、增值税、有效天数、交货地点]。"),
    "term_payment": ("Payment: [at order / at delivery / at acceptance, shares of each].",
                     "付款:[下单/到货/验收,各自比例]。"),
    "term_delivery": ("Delivery: [date; what follows when it is late].", "交付:[日期;逾期责任]。"),
    "term_acceptance": (
        "Acceptance: [the workloads above, measured by the buyer on the delivered cluster; figures within the intervals"
        " of this document].",
        "验收:[买方在交付集群上实测上述负载;结果应落在本文区间内]。"),
    "term_service": ("Service: [hours of repair, spares on site, availability promised, penalty].",
                     "服务:[维修时限、现场备件、承诺可用性、违约金]。"),
    "term_warranty": ("Warranty: [years, what it covers].", "质保:[年限、范围]。"),
    "term_model": (
        "Figures are results of a model on the inputs named here; a promise is only what this section states.",
        "数字为模型在所列输入下的结果;承诺仅以本节所载为准。"),
    # --- page with sliders
    "slide_title": ("Move the inputs", "调整输入"),
    "slide_said": (
        "The page interpolates {points} runs of the program. On {judged} points of its own between them the largest"
        " error is {worst} and the median error {median}.",
        "本页对{points}次程序运行结果插值。在其间另取的{judged}个点上,最大误差{worst},误差中位数{median}。"),
    "slide_reset": ("Back to the offer", "恢复方案值"),
    "slide_at": ("At the offer", "方案值"), "slide_now": ("Now", "当前"), "slide_change": ("Change", "变化"),
    "slide_price": ("Price of {card}", "{card}单价"), "slide_tariff": ("Price of electricity", "电价"),
    "slide_sold": ("Share of hours sold", "售出时长占比"),
    "slide_scale_up": ("Scale-up bandwidth of {card}", "{card}机内互联带宽"),
    "slide_memory": ("Memory bandwidth of {card}", "{card}显存带宽"),
    "slide_capex": ("{side}: to buy, CNY m", "{side}:购置(百万元)"),
    "slide_hour": ("{side}: CNY per card-hour", "{side}:每卡时(元)"),
    "slide_unit": ("{side}: {work}, CNY per {unit}", "{side}:{work},每{unit}(元)"),
    # --- workbook
    "sheet.offer": ("Offer", "方案"), "sheet.bill": ("Bill", "清单"), "sheet.tco": ("TCO", "总拥有成本"),
    "sheet.units": ("Units", "单位成本"), "sheet.gap": ("Comparison", "比较"), "sheet.cash": ("Cash", "现金"),
    "sheet.numbers": ("Numbers", "数字"), "sheet.inputs": ("Inputs", "输入"),
    "book_said": (
        "Blue cells are typed, black ones are formulas. “As exported” is what the documents print.",
        "蓝色为输入,黑色为公式;“导出值”为文档所印数值。"),
    "col.number": ("Shown as", "显示值"), "col.key": ("Key", "键"), "col.value": ("Value", "取值"),
    "col.inputs": ("Inputs it is computed from", "所依据的输入"), "col.weakest_input": ("Weakest input", "最弱输入"),
    "col.tier": ("Tier", "可靠程度"), "col.source": ("Source", "来源"), "col.side": ("Side", "方案"),
    "col.unit": ("Unit", "单位"),
    "col.low": ("Low", "低"),
    "col.high": ("High", "高"),
    "col.origin": ("Stated in", "出处"),
    "as_exported": ("As exported", "导出值"), "live": ("Live", "实时值"), "holds": ("Same", "一致"),
    "book_horizon": ("Years", "年限"),
    "book_wacc": ("Cost of capital", "资金成本"),
    "book_residual": ("Residual value", "残值率"),
    "book_maintenance": ("Maintenance, share of capex a year", "年维护费率"),
    "book_power": ("Power with cooling, kW", "含制冷功率(千瓦)"),
    "book_tariff": ("Electricity, CNY/kWh", "电价(元/千瓦时)"), "book_sold": ("Share of hours sold", "售出时长占比"),
    "book_cards": ("Cards", "卡数"), "book_factor": ("Capital recovery factor", "资本回收系数"),
    "book_year": ("Cost of a year, CNY", "年度成本(元)"),
    "book_opex": ("Running costs a year, CNY", "年运行成本(元)"),
    "book_tco": ("TCO, CNY", "总拥有成本(元)"), "book_discounted": ("TCO discounted, CNY", "折现总拥有成本(元)"),
    "book_rate": ("Rate", "费率"),
    "book_hardware": ("Hardware, CNY", "硬件(元)"),
    "book_integration": ("Integration and software, CNY", "集成与软件(元)"),
    "book_vat": ("VAT, CNY", "增值税(元)"),
    "book_total": ("Total, CNY", "合计(元)"),
    "book_capex": ("To buy, VAT included, CNY", "购置成本(含税,元)"),
}  # fmt: skip
