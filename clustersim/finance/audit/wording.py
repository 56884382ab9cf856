# ruff: noqa: E501 (a list of words stays on its lines)
"""The words by which prose tells a figure's line, year, direction and certainty, in both languages."""

from __future__ import annotations

import re

__all__ = [
    "BASE",
    "BETWEEN",
    "CARRIED",
    "COMMON",
    "COMPOUND",
    "COUNTS",
    "DIRECT",
    "DOWN",
    "FROM",
    "LASTS",
    "LIGHT",
    "OF_SALES",
    "OF_SALES_ZH",
    "OTHERS",
    "OTHERS_AFTER",
    "OTHERS_AFTER_ZH",
    "PART",
    "PARTED",
    "PLAIN_BEFORE",
    "PLAIN_BEFORE_ZH",
    "RATE_OF",
    "REVISED",
    "REVISED_AFTER",
    "SPAN",
    "SPOKEN",
    "UP",
    "VAGUE",
    "YEAR_BEFORE",
    "YOY",
    "ending",
]

UP = re.compile(
    r"\b(?:gr[eo]ws?n?|growing|growth|rises?|rose|rising|increas\w*|up|climb\w*|advanc\w*|expand\w*|jump\w*|surg\w*|gain\w*|higher|improv\w*"
    r"|widen\w*|accelerat\w*|compounds?|soar\w*|strengthen\w*)\b"
    r"|增长|增加|上升|提升|增幅|增速|提高|增至|升至|上涨|扩大|同比\s*\+|大增|走高|上行", re.I,
)  # fmt: skip
DOWN = re.compile(
    r"\b(?:fell|falls?|falling|declin\w*|decreas\w*|down|dropp?\w*|lower|shr[ia]nk\w*|contract(?:ed|s|ion)|narrow\w*|slipp?\w*|reduc\w*|weaken\w*|eas(?:ed|es))\b"
    r"|下降|减少|下滑|回落|降低|收窄|降至|下跌|同比\s*[-−]|走低|减至|缩小", re.I,
)  # fmt: skip
FROM = re.compile(r"\bfrom\b|[由从自]", re.I)
#: A forecast that is changed: what it was is another forecast than the printed one.
REVISED = re.compile(
    r"\b(?:cut|cuts|rais\w+|lower\w*|trim\w*|lift\w*|revis\w+|upgrad\w+|downgrad\w+|reduc\w+|increas\w+|adjust\w*)\b[^.;]*"
    r"\b(?:forecasts?|estimates?|projections?|assumptions?)\b[^.;]*\bfrom\s*$|(?:上调|下调|调高|调低|调整|上修|下修)[^。；]*(?:由|从|自)(?:原来的?|此前的?|原)?\s*$",
    re.I,
)
REVISED_AFTER = re.compile(r"\s*(?:上调|下调|调高|调低|调整|上修|下修|修正|调升|调降)(?:至|到|为)")
YOY = re.compile(r"同比|按年|\by-o-y\b|\by-y\b|year[- ]on[- ]year|year[- ]over[- ]year|\byoy\b|\by/y\b", re.I)
COMPOUND = re.compile(r"CAGR|compound|复合|年均|per annum|a year over|annuali[sz]ed|每年平均", re.I)
VAGUE = re.compile(
    r"(?:约|近|超过?|逾|突破|接近|不到|不足|至少|最多|低于|高于|大于|小于|不超过|[~≈><]|(?<![A-Za-z])(?:over|more than|nearly|almost|about|approximately"
    r"|around|some|roughly|at least|up to|less than|under|below|above|exceed\w*|surpass\w*|(?:in )?excess of))\s*(?:(?-i:HK|US|RMB|[A-Z]{3}))?\s*[$€£¥]?\s*$",
    re.I,
)  # fmt: skip
PART = re.compile(
    r"上半年|下半年|半年|季度|单季|前三季|月份|个月|\b[HQ][1-4]\b|\b[1-4][HQ]|\bhalf\b|\bquarter|\bmonths?\b|环比|\d\s*月(?!\s*3[01]日)|sequential",
    re.I,
)
OTHERS = re.compile(
    r"市场|行业|\bmarkets?\b|\bindustry\b|全球|global|同业|peers?\b|可比|consensus|一致预期|竞争|competitor",
    re.I,
)
BASE = re.compile(
    r"(?:compar\w+ (?:with|to)|than|versus|vs\.?|against|from|over|由|从|较|比|相比|对比|相对)\s*(?:(?:that|those) (?:of|in|for)|in|the|于)?\s*$",
    re.I,
)
DIRECT = re.compile(
    r"\s*(?:per share|a share|yoy|y/y|year[- ]on[- ]year)?\s*[(（]?\s*(?:in|for|during|at the end of|as of|as at|by the end of|at|by)?\s*"
    r"(?:the )?(?:full[- ]year|fiscal(?: year)?|financial year|calendar)?\s*(?:year ended |ended )?(?:\d{1,2} [A-Z][a-z]+ |[A-Z][a-z]+ \d{1,2}, )?", re.I,
)  # fmt: skip
OF_SALES = re.compile(
    r"\s*(?:of|as a (?:share|percentage) of)\s+(?:the |our |its )?(?:(?:FY|fiscal )?\s?20\d\d(?:'s)? )?(?:(?:total |net |group |annual )*(?:revenues?|sales|turnover|net sales)\b|(?:group )?total(?=\s*(?:[.,;)]|$)))",
    re.I,
)
OF_SALES_ZH = re.compile(
    r"(?:占|相当于)(?:公司|集团|当年|同期|20\d\d年度?)?(?:的)?(?:总|营业)*(?:营收|收入|营业收入|销售额|收益(?!率))(?:的)?(?:比例|比重|比)?(?:的|为|达到?|约|是)?(?:将?[由从]?(?:20\d\d年度?的?)(?:\s*(?:[\d.]+%)?\s*(?:[提升增下降高加低]{1,3})?[至到为]?(?:20\d\d年度?的?)?)?)?\s*$"
)
RATE_OF = re.compile(r"费用率|(?:to|over) (?:revenue|sales)|expense ratio|intensity", re.I)
#: Words that may stand between a line and its figure without naming another line.
LIGHT = re.compile(
    r"[\s\d.,，、;；:：()（）%+/\-–—−~“”\"'’]+|FY|CY|[AEF]\b|同比|按年|为|达到?|实现|录得|至|增长|增加|上升|提升|下降|减少|下滑|回落|较|上年|去年|上一?年度?|比|相比|的|分别|是|将|有望|预计|预期"
    r"|到|由|从|保持|维持|变动|变化|在|稳定|仅|水平|对应|增速|增幅|增长率|CAGR|复合|年均|合计|总额|净额|余额|规模|占|总|营业|收入|营收|进一步|大幅|小幅|快速|显著|明显|持续|继续|稳步|即|年度?|末|底|于|亿|万|千|百|元"
    r"|港|美|币|财|人民币|同期|公司|我们|提高|增至|升至|降至|扩大|收窄|了|并|则|和|与|及|以及|而|但|约|也|当|期|报告|内|全|幅|率|上涨|占比|比例|比重|募集资金|金额|料|下跌|减至|缩减|支出"
    r"|HK|US|RMB|[$€£¥]|[A-Z]{3}\b"
    r"|\b(?:was|were|is|are|be|been|being|came|comes?|in|to|at|of|for|the|a|an|by|and|but|with|amount\w*|total\w*|stood|reach\w*|hit|expected|forecast\w*|project\w*|estimat\w*|"
    r"expects?|looks?|looking|anticipat\w*|targets?|doubl\w*|tripl\w*|quadrupl\w*|halv\w*|more|made|or|settl\w*|stabili\w*|land\w*|trend\w*|equall?ed|contribut\w*|arriv\w*|y-o-y|y-y|y/y|"
    r"will|would|should|respectively|years?|ended|end|fiscal|calendar|per|share|annum|annual\w*|representing|represent\w*|increas\w*|decreas\w*|growth|gr[eo]w\w*|rate|ris\w+|rose|"
    r"f[ae]ll\w*|drop\w*|declin\w*|climb\w*|advanc\w*|expand\w*|contract\w*|narrow\w*|widen\w*|jump\w*|surg\w*|up|down|higher|lower|improv\w*|from|than|compar\w+|versus|vs|against|"
    r"over|on|year-on-year|year-over-year|yoy|compound\w*|one|two|three|four|five|remain\w*|negative|positive|remains|raised|lifted|cut|sharply|strongly|slightly|steadily|only|further|also|has|have|had|"
    r"model\w*|see|sees|booked|held|mov(?:e|es|ed|ing)|go(?:es|ing)?|went|giv(?:e|es|ing)|gave|yield\w*|stay\w*|stands|which|it|that|we|our|its|between|implying|implies|imply|million|billion|thousand|bn|mn|m|set|settled|equal\w*|previous|prior|last|this|earlier|before|Jan\w*|Feb\w*|Mar\w*|Apr\w*|May|June?|July?|"
    r"Aug\w*|Sep\w*|Oct\w*|Nov\w*|Dec\w*|as|account\w*|record\w*|post\w*|generat\w*|deliver\w*|report\w*|while|both|another|again|just|worth|slipp\w*|eas(?:ed|es)|margins?|expenses?|costs?|gain\w*|accelerat\w*|shr[aiu]nk\w*|reduc\w*)\b",
    re.I,
)  # fmt: skip
SPAN = re.compile(
    r"(?:FY|CY)?(?:\d{1,2}/)?(20\d\d(?:/\d\d)?|(?<=/)\d\d|\d\d(?=[AEF]?[-–—~]))[AEF]?\s*[财財]?年?度?\s*(?:-|–|—|~|至|到|to|and)\s*(?:FY|CY)?(?:\d{1,2}/)?(20\d\d(?:/\d\d)?|\d\d)[AEF]?(?![\d/])",
    re.I,
)


def ending(text: str) -> int:
    """The year of an end of a span.

    >>> ending("2024"), ending("25"), ending("2024/25")
    (2024, 2025, 2025)
    """
    return int(text) if len(text) == 4 else 2000 + int(text[-2:])


LASTS = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|\d{1,2})[- ]years?\b|(?<!\d)([两二三四五六七八九十]|\d{1,2})年(?:期|间|的)?(?:复合|CAGR|年均)",
    re.I,
)
COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
           "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}  # fmt: skip
#: "EPS was 2.79 in 2025; we model 3.20 in 2026": what is modelled is the line of the part before.
CARRIED = re.compile(
    r"^\s*(?:and |but )?we (?:now )?(?:model|forecast|expect|estimate|project|look for|see)\b"
    r"|^\s*我们(?:预计|预测|预期)",
    re.I,
)
PARTED = re.compile(r"，|、|,(?=\s)|\band\b|\bwhile\b|\bbut\b|以及|而(?!言)|[()（）]")
BETWEEN = re.compile(r"[\s/、,，;；年AEF度]*(?:和|与|及|以及|and|&)?[\s/、,，年]*", re.I)
YEAR_BEFORE = re.compile(
    r"\s*(?:a year (?:ago|earlier|before)|(?:in )?the (?:prior|previous|preceding) year|last year|the year before)",
    re.I,
)


#: What prose calls lines beside their names in tables.
SPOKEN = {
    "revenue": "top line|营收",
    "net_profit": "net loss|net losses|loss for the year|净亏损|年内亏损|bottom line",
    "profit_attributable_to_owners": "归属母公司股东之净利|归属于母公司股东之净利|归属母公司股东净利|profit attributable to equity holders|profit attributable to shareholders|profit attributable to equity shareholders|profit attributable to owners|net income attributable to shareholders|earnings attributable to shareholders|股东应占溢利|股东应占利润|拥有人应占溢利|net profit attributable to owners of parent|net profit attributable to owners|net profit attributable to shareholders|归母净利润|归母净利|归母|attributable profit|attributable net profit|profit attributable to owners"
    " of the company|profit attributable to owners of parent|归母净亏损",
    "gross_margin": "gross profit margin|毛利率", "operating_margin": "营业利润率", "net_margin": "净利率",
    "dividends_paid": "dividends|dividend|现金股利|派发股利|派发现金股利|现金分红|派息|分红|股利|股息",
    "repurchase_of_shares": "bought back|repurchased|buybacks|buy-backs|share repurchases|回购",
    "proceeds_from_issue_of_shares": "募集资金|募资|定向增发|equity raise",
    "net_cash_from_operating": "cash in operating activities|cash from operations|cash used in operations|operating cash flow|"
    "cash from operating activities|经营现金流|经营性现金流",
    "total_equity": "net assets|shareholders' equity|total equity|negative equity|净资产|所有者权益",
    "cash_and_cash_equivalents": "货币资金|cash and cash equivalents|bank balances and cash|cash balance",
    "dividend_per_share": "dps|dividend per share|每股股利|每股派息", "eps": "eps|earnings per share|loss per share|net loss per share|"
    "每股收益|每股盈利|每股亏损",
    "profit_before_income_tax": "pre-tax profit|profit before tax|利润总额|税前利润",
}  # fmt: skip
#: Names too short or too common to mean one line wherever they stand.
COMMON = set("""tax|taxes|cash|equity|profit|earnings|capital|reserves|investments|reserve|other|others|税|税项|税金|其他|资本|股本|
收益|现金|储备|借款|debt|borrowings|depreciation|is|ev|price|discount|share price|beta|rating|投资|应付款项|应收款项|其他收益|income|fixed assets|
interest|goodwill|sales and marketing|总收入|收入合计|receivables|payables|shares|number of shares|market risk|同比增长|yoy growth|earnings growth|shares outstanding|total shares|capital expenditure per|dividend
""".replace("\n", "").split("|"))  # fmt: skip
#: Before a line's name in English these leave it the company's own.
PLAIN_BEFORE = {
    "the", "total", "net", "our", "its", "group", "groups", "company", "companys", "annual", "full-year",
    "fiscal", "reported", "consolidated", "overall", "and", "of", "in", "for", "to", "that", "with", "on", "by",
    "while", "as", "but", "expect", "expects", "expected", "forecast", "forecasts", "project", "projects",
    "projected", "estimate", "estimates", "see", "year", "years", "attributable", "basic", "diluted", "higher",
    "lower", "stronger", "weaker", "aggregate", "whose", "where", "had", "has", "have", "recorded", "posted",
    "generated", "reached", "a", "an", "record", "from", "million", "billion", "thousand", "bn", "mn",
    "percent", "paid", "group's", "company's", "year's", "firm's", "firm", "is", "are", "was", "were", "be",
    "because", "therefore", "after", "before", "so", "we", "they", "it", "total-group", "group-wide", "core",
    "leaving", "leaves", "model", "models", "assume", "assumes", "generating", "delivered", "delivering", "achieved", "booked",
    "bringing", "taking", "lifting", "pushing", "covered", "proposes", "both", "or", "per", "when", "if", "over", "improved", "rising", "falling", "growing", "strong", "weak",
    "solid", "gaap", "ifrs", "which", "against", "held", "hold", "holds", "back", "adds", "add", "including", "plus",
    "less", "minus", "versus", "vs", "between", "this", "these", "those", "at", "then", "whereas", "since", "than", "should",
    "will", "would", "may", "could", "also", "only", "each", "every", "into", "through", "whole", "stated", "respectively", "stood", "corresponding", "projecting",
}  # fmt: skip
OTHERS_AFTER = re.compile(
    r"\s*(?:from(?! (?:HK|US|RMB|USD|[$€£¥\d]|20|FY))|per (?!cent|share|annum)|at(?= [A-Z][a-z])|contribution|mix|guidance|target"
    r"|of (?!(?:approximately |about |around )?(?:[A-Z]{2,3}\b|[A-Z]{0,3}[$€£¥\d]|Rmb|the (?:group|company)|20))"
    r"|in (?!20|FY|the (?:year|same|period)|fiscal|both|each|line))",
    re.I,
)
PLAIN_BEFORE_ZH = re.compile(
    r"(?:公司|集团|实现|录得|年度?|[中年]报|预计|预期|预测|全年|报告期内?|我们|将|其中?|整体|合并|本期|和|与|及|主要|测算|公司总|对应|营业|总|使|而|但|则|"
    r"当年|当期|派发|累计|以及|计提|取得|完成|分别|并且|并|年末|期末|末|底|拥有|截至|单位|持有|同期|进行|发放|现金|通过|合计|为|是|方面|公司的|集团的|其的|保持|维持|：|:)$"
)
OTHERS_AFTER_ZH = re.compile(r"(?:中的?|占比|构成|结构|来源|主体|的\d|规模化|预测|端|侧|确认|周期|指引|来自)")
