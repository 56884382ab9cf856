"""What is written beside or otherwise than what is meant: traditional characters, years in Chinese, marks of notes.

A folded text is as long as the printed one, so that a place in one is the place in the other.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["folded", "unmarked"]

#: Characters of statements and notes that the two scripts write otherwise.
_PAIRS = (
    "別别內内係系幾几裏里迴回盃杯羣群峯峰託托採采"
    "綜综損损現现資资產产負负債债個个務务財财總总營营業业銷销貨货開开發发費费應应購购賬账帳账貸贷貿贸幣币種种計计說说認认"
    "設设備备廠厂遞递屬属擁拥權权儲储淨净額额稅税虧亏虛虚減减處处實实際际賺赚類类環环潤润該该價价標标張张漲涨證证監监"
    "項项據据數数從从來来為为於于與与億亿萬万無无長长間间門门關关聯联時时歷历東东車车軟软電电機机構构網网線线級级細细"
    "終终經经統统結结給给維维續续縮缩練练織织約约紀纪純纯編编緩缓預预頭头題题願愿風风險险餘余館馆體体點点齊齐擴扩擔担"
    "擬拟攤摊護护報报執执場场壓压壞坏壽寿夠够專专將将對对導导屆届層层島岛幹干廣广庫库廳厅彈弹後后徑径復复愛爱態态慮虑"
    "憑凭懷怀戶户換换搖摇擇择攝摄敗败敵敌斷断會会榮荣樣样樓楼樂乐檢检櫃柜歐欧歲岁殘残氣气決决沒没況况測测溫温滿满漸渐"
    "潛潜濟济爭争獎奖獲获獨独畫画當当療疗盡尽確确礎础稱称穩稳窮穷競竞筆笔範范築筑簡简簽签籌筹課课調调談谈請请論论諸诸"
    "評评識识議议變变讓让貝贝貢贡買买貼贴賃赁賠赔質质賣卖賴赖贏赢趨趋軍军較较載载輕轻輛辆輸输轉转辦办農农連连進进運运"
    "過过達达違违遠远適适選选遺遗鄉乡鋼钢錄录錢钱錯错鐵铁鏈链閉闭陸陆階阶隊队隨随雙双雜杂離离難难雲云靜静響响領领頻频"
    "揚扬則则學学鑑鉴鑒鉴驅驱擊击擾扰撐撑暢畅樹树橋桥檔档澤泽濃浓灣湾獻献礙碍紅红納纳紙纸組组紹绍絡络繞绕羅罗義义習习脫脱膠胶艙舱薦荐"
    "顯显顧顾飛飞驗验驟骤強强勢势勞劳動动勝胜區区協协單单卻却參参員员問问啟启嚴严國国圍围園园圓圆圖图團团塊块倉仓們们"
    "倫伦側侧傳传傷伤儘尽優优兩两冊册凈净創创劃划劇剧劑剂號号佔占舊旧節节莊庄葉叶藍蓝藝艺藥药術术補补裝装製制複复規规"
    "視视覽览觀观訂订記记訊讯許许訴诉診诊註注詢询試试詳详誌志語语誤误週周遊游釋释銀银鋪铺閱阅隻只韓韩韻韵鹽盐麗丽麥麦"
    "黃黄龍龙歸归繳缴績绩繼继縱纵騰腾勵励勻匀匯汇彙汇滙汇贖赎贊赞賞赏賓宾賢贤賦赋裡里衝冲衛卫覓觅誠诚誰谁諮咨謀谋畝亩"
    "異异盤盘眾众碼码礦矿禮礼積积籤签糧粮絕绝絲丝綠绿綱纲緊紧緒绪緣缘縣县繪绘罰罚聽听職职聲声肅肃腦脑臨临艦舰蘇苏蘭兰"
    "蟲虫襲袭觸触譯译讀读豐丰貫贯貴贵賒赊賜赐賽赛躍跃軌轨輔辅輪轮遲迟邊边郵邮鄰邻醫医針针鈔钞銅铜鋁铝錶表鍵键鎖锁鏡镜"
    "鐘钟閃闪閒闲閣阁陣阵陳陈陽阳雖虽霧雾頁页順顺須须頒颁顏颜飾饰駐驻騙骗鬆松魚鱼鮮鲜鳥鸟麼么黨党"
)
#: Words of Taiwan and those of the mainland that mean the same, each as long as the other.
_DIALECT = {
    "股价净值比": "股票市净率", "股价营收比": "股票市销率", "取得不动产": "购置不动产", "发放现金股利": "支付现金股利",
    "营业活动": "经营活动", "营业净利": "营业利润", "营业利益": "营业利润", "每股盈余": "每股盈利",
    "每股纯益": "每股盈利",
    "推销费用": "销售费用", "研究发展": "研究开发", "本益比": "市盈率", "殖利率": "股息率", "年增率": "增长率",
    "季增率": "环增率", "纯益率": "净利率", "纯益": "净利", "业主": "股东", "成长": "增长", "上扬": "上升",
    "预估": "预计", "推估": "预计", "评价": "估值",
}  # fmt: skip
#: "年增15%": what grew by so much in a year.
_GROWN = re.compile(r"(?<![\d一二三四五六七八九十两几每历])年([增减])(?=\s*[-−+]?\d)")
_WORDED = re.compile("|".join(sorted(_DIALECT, key=len, reverse=True)))
_TABLE = {ord(a): b for a, b in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}
_NUMERALS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_YEARS = re.compile(r"二[〇○零][〇○零一二三四五六七八九]{2}(?=\s*[年财財至\-–—、及和/])")


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Return a text in simplified characters and the mainland's words, years in Arabic numerals.

    >>> folded("本益比"), folded("營收年增率"), len(folded("股價淨值比"))
    ('市盈率', '营收增长率', 5)
    >>> folded("綜合損益表"), folded("二零二四年銷售成本"), folded("Revenue")
    ('综合损益表', '2024年销售成本', 'Revenue')
    """
    if text.isascii():
        return text
    same = _GROWN.sub(lambda m: {"增": "增长", "减": "下降"}[m[1]], text.translate(_TABLE))
    same = _WORDED.sub(lambda m: _DIALECT[m[0]], same)
    return _YEARS.sub(lambda m: m[0].translate(_NUMERALS), same)


#: Marks of a note behind a word or a number; a superscript would else become one of its digits.
_MARKS = re.compile(
    r"(?<=[\w)）%'’])\s*(?:[¹²³⁰⁴-⁹]{1,4}|[*†‡§#＊※]{1,6}|\[(?:\d{1,2}|[a-z])\]|[⁽(][⁰¹²³⁴-⁹][⁾)])+\s*$"
)


#: A superscript before a closing bracket.
_RAISED = re.compile(r"(?<=[\d%])[¹²³⁰⁴-⁹]{1,4}(?=[)）]\s{0,3}$)")


@lru_cache(maxsize=20_000)
def unmarked(text: str) -> str:
    """Return a label or a number without the marks of its notes.

    >>> unmarked("Revenue¹"), unmarked("1,234*"), unmarked("12.5% [a]"), unmarked("CO2"), unmarked("(400)")
    ('Revenue', '1,234', '12.5%', 'CO2', '(400)')
    """
    return _MARKS.sub("", _RAISED.sub("", text))
