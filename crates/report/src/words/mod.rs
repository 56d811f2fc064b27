//! Every phrase of the report, in Chinese and in English, in one table.
//!
//! `{}` stands for a value. The words are those of the field: *pseudonym*, never "anonymous"; *evidence
//! for*, never a verdict about the law.

mod codes;
mod phrase;

pub(crate) use codes::{code, identifiability, kind, period, treatment};
pub(crate) use phrase::{Counted, Phrase};

macro_rules! phrases {
    ($($name:ident: $zh:literal, $en:literal;)*) => {
        $(pub(crate) const $name: Phrase = Phrase { zh: $zh, en: $en };)*
        #[cfg(test)]
        const ALL: &[(&str, Phrase)] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! counted {
    ($($name:ident: $zh:literal, $one:literal, $many:literal;)*) => {
        $(pub(crate) const $name: Counted = Counted { zh: $zh, one: $one, many: $many };)*
    };
}

counted! {
    ROWS: "{} 行", "{} row", "{} rows";
    DATASETS: "{} 个数据集", "{} dataset", "{} datasets";
    CUSTOMERS: "{} 位客户", "{} customer", "{} customers";
    TABLES: "{} 张表", "{} table", "{} tables";
    FILES: "{} 个文件", "{} file", "{} files";
    LINES: "{} 行文本", "{} line", "{} lines";
    PSEUDONYMS: "{} 个假名字段", "{} pseudonym", "{} pseudonyms";
    OTHER_CAUSES: "其他 {} 项原因", "{} other cause", "{} other causes";
    OTHER_COMBINATIONS: "另有 {} 种组合", "{} further combination", "{} further combinations";
}

phrases! {
    // The document.
    BRAND: "Lakewarden 运行记录", "Lakewarden run record";
    AUTO: "自动", "Auto";
    LIGHT: "浅色", "Light";
    DARK: "深色", "Dark";
    CONTENTS: "目录", "Contents";
    UNTITLED: "未命名的流水线", "Unnamed pipeline";
    PUBLISHED: "已发布", "Published";
    NOTHING_CHANGED: "无变化", "Nothing changed";
    FAILED: "失败", "Failed";
    FAILURE: "失败原因", "Why it failed";
    HELP: "处理办法：", "help:";
    NOTHING_PUBLISHED: "没有发布任何内容，数据湖保持运行前的状态。", "Nothing was published: the lake is as it was before the run.";
    FOOT: "本记录是数据处理过程的证据，不构成法律意见。其中只有计数、名称与指纹，不含任何数据单元的值；文件不访问网络，唯一的脚本只让标题随语言切换。",
          "This record is evidence for how data was handled; it is not legal advice. It holds counts, names and fingerprints and no value of any data cell; the file reaches for no network, and its only script lets the title follow the language.";

    // The headline.
    HEAD_ROWS: "{}，读入 {}，写入 {} 行。", "{} gave {}; {} were written.";
    HEAD_ROWS_FAILED: "失败前，{}已读入 {}，其中 {} 行原将写入。", "Before that, {} gave {}, of which {} would have been written.";
    CUSTOMERS_FEW: "{} 位客户", "{} customers";
    HEAD_LOST: "其余 {}均逐一归因。", "Not written: {}, each under a name.";
    HEAD_LOST_NONE: "没有一行遗失。", "None was lost.";
    HEAD_OPEN: "账目不平，因此没有发布任何内容；去向不明的行：{}。", "The account does not close, so nothing was published; rows without a name: {}.";
    HEAD_CUSTOMERS: "识别出 {}，发布 {}。", "{} recognised, {} published.";
    HEAD_TABLES: "发布 {}。", "{} published.";
    HEAD_NOTHING: "没有新数据：数据湖保持原样。", "Nothing new had arrived: the lake is as it was.";
    HEAD_FAILED: "运行失败：数据湖保持运行前的状态。", "The run failed: the lake is as it was before.";
    KEY_READ: "读入行数", "Rows read";
    KEY_WRITTEN: "写入行数", "Rows written";
    KEY_LOST: "已归因的未写入行", "Rows lost by name";
    KEY_WITHHELD: "因同意与政策扣留", "Rows withheld by policy";
    KEY_CUSTOMERS: "客户", "Customers";
    KEY_TOOK: "耗时", "Took";

    // Facts of the run.
    FACT_RUN: "运行编号", "Run";
    FACT_PROJECT: "项目", "Project";
    FACT_PIPELINE: "流水线", "Pipeline";
    FACT_STARTED: "开始", "Started";
    FACT_ENDED: "结束", "Ended";
    FACT_AS_OF: "数据截至", "As of";
    FACT_DICTIONARY: "数据字典指纹", "Dictionary fingerprint";
    FACT_KEY: "密钥版本与指纹", "Key version and fingerprint";
    FACT_KEY_VALUE: "第 {} 版 · {}", "version {} · {}";
    FACT_ENGINE: "计算引擎", "Engine";
    FACT_AUDIT: "审计记录", "Audit record";

    // The lake.
    LAKE_TITLE: "数据湖", "The lake";
    LAKE_LEAD: "数据湖在本次运行之后的状态；每个数字下方是本次运行带来的变化。", "The lake as it is after this run; below each number, what this run changed of it.";
    LAKE_UNKNOWN: "无法读取数据湖，因此不显示其状态。", "The lake could not be read, so its state is not shown.";
    LAKE_EMPTY: "数据湖中尚无数据。", "Nothing has been stored in the lake yet.";
    LAKE_NOW: "数据湖现状", "The lake now";
    LAKE_ROWS: "数据湖行数", "Rows in the lake";
    LAKE_DATASETS: "规范层：每个数据集", "Conformed tables, by dataset";
    LAKE_TABLES: "发布表", "Curated tables";
    RENEWED: "本次更新 {}", "{} renewed";
    PEOPLE: "涉及人数", "People";
    QUARANTINE_HEAD: "隔离中的记录", "In quarantine";
    RETENTION: "保留期限", "Kept for";
    KEPT_FROM: "自 {} 起", "from {}";
    NO_END: "无期限", "no end";
    AS_SOURCES: "同其来源", "as its sources";
    AS_TABLE: "同整表", "as its table";
    LAST_PUBLISHED: "最近发布", "Last published";
    LAWFUL_BASIS: "合法性基础", "Lawful basis";
    NOT_PUBLISHED: "尚未发布", "not published yet";
    BY_THIS_RUN: "本次运行", "by this run";
    UNCHANGED: "不变", "unchanged";
    FEWER_THAN: "<\u{a0}{}", "<\u{a0}{}";
    AT_LEAST: "≥\u{a0}{}", "≥\u{a0}{}";
    COMMA: "、", ", ";

    // Consent.
    CONSENT_TITLE: "同意", "Consent";
    CONSENT_LEAD: "每个处理目的下，按决定统计的人数，以及因此从该目的的读取中扣留的行。人数过少的不予显示。",
                  "For each purpose, people by what they decided, and the rows withheld from its reads for that reason. Counts of too few people are not shown.";
    CONSENT_NONE: "本次运行没有就任何目的查询同意。", "This run asked for nobody's consent.";
    CONSENT_BY_PURPOSE: "按目的与决定", "By purpose and decision";
    CONSENT_UNUSUAL: "按更严格方式理解的同意记录", "Consent records that were read the stricter way";
    CONSENT_UNREADABLE_LOADED: "本次载入中无法读取的同意记录", "Consent records of this load that cannot be read";
    DECISION: "决定", "Decision";
    PERMITTED: "可以使用", "may be used";
    WITHHELD_BY_REASON: "扣留的行", "Rows withheld";

    // Lineage.
    COLUMN: "列", "Column";
    BY_VALUE: "取值来自", "Values come from";
    BY_CONDITION: "条件来自", "Decided by";
    ORIGINS_TITLE: "各列的来源字段", "Export fields of each column";
    COLUMN_COUNT: "{} 列", "{} columns";
    DECIDES_ROWS: "决定有哪些行：", "Which rows there are is decided by:";
    EDGE_COLUMNS: "{} 列的值，{} 列作条件", "{} columns by value, {} by condition";

    // Fields.
    FIELDS_SECTION: "字段", "Fields";
    FIELDS_TITLE: "字段说明", "Fields";
    FIELDS_LEAD: "数据字典对每个字段的说明：含义、可识别性、处理方式、目的与保留期限。", "What the dictionary says of each field: meaning, identifiability, treatment, purposes and retention.";
    FIELDS_NONE: "没有字段说明。", "No field is described.";
    FIELD_COUNT: "{} 个字段", "{} fields";
    MEANING: "含义", "Meaning";
    TYPE: "类型", "Type";
    IDENTIFIABILITY: "可识别性", "Identifiability";
    TREATMENT: "处理方式", "Treatment";
    PURPOSES_HEAD: "目的", "Purposes";
    NOT_STORED: "不存储", "not stored";
    DIRECT: "直接标识", "direct identifier";
    QUASI: "准标识", "quasi-identifier";
    NOT_IDENTIFYING: "无", "none";
    ATTRIBUTE: "个人属性", "attribute of a person";
    PSEUDONYM_OF: "假名（{}）", "pseudonym ({})";
    AGGREGATE_OF: "至少 {} 人的汇总", "aggregate of at least {} people";
    TREATED_KEEP: "保留", "kept";
    TREATED_PSEUDONYMISE: "假名化：{}", "pseudonymised: {}";
    TREATED_MASK: "掩码，保留前 {} 位、后 {} 位", "masked, first {} and last {} characters kept";
    TREATED_GENERALISE: "概化为{}", "generalised to {}";
    TREATED_REDACT: "文本脱敏", "identifiers redacted";
    TREATED_DROP: "丢弃", "dropped";
    YEARS: "{} 年", "{} years";
    MONTHS: "{} 个月", "{} months";
    DAYS: "{} 天", "{} days";

    // Rows.
    ROWS_TITLE: "逐行账目", "Accounts of rows";
    ROWS_LEAD: "读入的每一行，要么写入，要么在一个有名称的原因下留下。", "Every row that was read is either written or left behind under a name.";
    ROWS_NONE: "本次运行没有读入任何行。", "No rows were read by this run.";
    ROWS_FIGURE: "从读入到写入", "From read to written";
    ROWS_CAPTION_CLOSED: "读入 {} = 写入 {} + 归因 {}，账目闭合。宽度按比例绘制；细于一线的按一线画出。",
                         "Read {} = written {} + lost by name {}: the account closes. Widths are to scale; what is thinner than a hair is drawn as one.";
    ROWS_CAPTION_OPEN: "读入 {}，写入 {}，归因 {}：相差 {}，账目不平。", "Read {}, written {}, lost by name {}: off by {}, so the account does not close.";
    READ: "读入", "Read";
    WRITTEN: "写入", "Written";
    DUPLICATES: "重复行", "Duplicate rows";
    KEY_CONFLICTS: "主键冲突", "Key conflicts";
    OUTSIDE_RETENTION: "超出保留期限", "Outside retention";
    QUARANTINED: "隔离（加密保存）", "Quarantined (sealed)";
    UNACCOUNTED: "去向不明", "Not accounted for";
    QUARANTINED_AS: "{}：{}", "{}: {}";
    QUARANTINED_OF: "隔离（加密保存），共 {}", "Quarantined (sealed), {} in all";
    DATASET: "数据集", "Dataset";
    TOTAL: "合计", "Total";
    FILES_HEAD: "文件", "Files";
    LOST_SHARE: "未写入占比", "Share not written";
    CLOSES: "账目", "Account";
    CLOSED: "闭合", "closes";
    OPEN: "相差 {}", "off by {}";
    ROWS_BY_DATASET: "按数据集", "By dataset";
    QUARANTINE_BY_RULE: "隔离的行：字段与规则", "Rows in quarantine, by field and rule";
    QUARANTINE_NONE: "没有行进入隔离区。", "No row went to quarantine.";
    FIELD: "字段", "Field";
    RULE: "规则", "Rule";
    ROWS_HEAD: "行数", "Rows";
    ARRIVALS: "到达时的异常", "What arrived otherwise than declared";
    ARRIVALS_NONE: "没有过度采集的字段、重复送达的文件或编码差异。", "No over-collected field, no file delivered twice, no encoding other than declared.";
    FINDING: "发现", "Finding";
    DETAIL: "说明", "Detail";
    COUNT: "数量", "Count";
    CONSENT_UNREADABLE: "读不懂的同意记录", "Unreadable consent record";
    CONSENT_UNREADABLE_DETAIL: "进入隔离区，并视为所指之人撤回全部同意（或列入禁用名单），直到补正", "in quarantine; stands as a withdrawal from every purpose, or as listed, of whom it names, until it is mended";
    CONSENT_NOBODY: "读不懂且不知是谁的同意记录", "Unreadable consent record of nobody";
    CONSENT_NOBODY_DETAIL: "可能有人撤回了同意，却无法确定是谁：请补正导出文件", "somebody may have withdrawn, and it cannot be told for certain who: mend the export";
    IN_QUARANTINE: "隔离区现存记录", "Records in quarantine";
    IN_QUARANTINE_DETAIL: "加密保存，含以往运行的记录；规则修正后可释放：lakewarden quarantine release", "sealed, those of earlier runs included; a mended rule releases them: lakewarden quarantine release";
    QUARANTINE_EXPIRED: "隔离期满并删除的记录", "Records whose time in quarantine was over";
    QUARANTINE_EXPIRED_DETAIL: "超过 quarantine_retention，已永久删除", "older than quarantine_retention, removed for good";
    OVER_COLLECTED: "过度采集", "Over-collected field";
    OVER_COLLECTED_DETAIL: "字段 {} 未在数据字典中申报，未进入数据湖", "{} is not declared in the dictionary and did not enter the lake";
    ALREADY_LOADED: "文件已载入过", "File already loaded";
    ALREADY_LOADED_DETAIL: "内容与已载入的文件逐字节相同，没有重复载入", "same bytes as a file loaded before; not loaded again";
    ENCODING: "编码与申报不同", "Other encoding";
    ENCODING_DETAIL: "{}：申报为 {}，实为 {}，已按实际编码读取", "{}: declared {}, found {}, read as found";
    NOTE: "提示", "Note";
    EXACT_KEPT: "完全相同的行（保留）", "Equal rows, kept";
    EXACT_KEPT_DETAIL: "数据集没有声明主键，相同的行计数后保留", "the dataset declares no key, so equal rows are counted and kept";
    REPLACED: "被更正的旧行", "Rows corrected";
    REPLACED_DETAIL: "同一主键的新行取代了数据湖中的旧行", "rows of the lake that rows with their key took the place of";
    SKIPPED: "按声明跳过的行", "Lines passed over, as declared";
    SKIPPED_DETAIL: "表头之前的行、备注或合计行，不是记录", "before a header, remarks or totals: they are no records";
    REDACTED: "自由文本脱敏", "Redacted in free text";
    REDACTED_DETAIL: "{}已替换为占位符", "{} replaced by a placeholder";

    // 2 The way.
    WAY_TITLE: "血缘", "Lineage";
    WAY_LEAD: "色带宽度是被使用的列数：深色的列以其值进入结果，浅色的列只决定哪些行进入。带竖线的色带是受政策约束的个人数据读取。",
              "A ribbon is as wide as the columns it uses: dark for values that reach the result, pale for columns that only decide which rows do. A bar at its end is the policy gate that a read of personal data passes.";
    WAY_FIGURE: "从渠道导出到发布表", "From channel exports to curated tables";
    WAY_CAPTION: "{}流入{}；读取路径 {} 条，其中读取个人数据并受处理目的约束的 {} 条。", "{} into {}; reads: {}, of personal data and bound to a purpose: {}.";
    WAY_NONE: "本次运行没有记录血缘。", "This run recorded no lineage.";
    EXPORTS: "渠道导出", "Exports";
    CONFORMED: "规范层", "Conformed";
    CUSTOMERS_NODE: "客户", "Customers";
    CURATED: "发布层", "Curated";
    IDENTITY_LAYER: "身份", "Identity";
    TOKENISED_HERE: "明文标识符止于此线", "clear-text identifiers end at this line";
    UNUSED: "未被使用", "not used";
    PURPOSE: "目的", "Purpose";
    FOR_PURPOSE: "目的：{}", "for {}";
    EDGE: "{} → {}：{} 列的值，{} 列作条件", "{} → {}: {} columns by value, {} by condition";
    TREATMENTS: "每个字段如何处理", "What became of each field";
    FIELDS: "字段构成", "Fields";
    KEPT: "保留", "Kept";
    PSEUDONYMISED: "假名化", "Pseudonymised";
    GENERALISED: "掩码或概化", "Masked or generalised";
    REDACTED_FIELDS: "文本脱敏", "Redacted text";
    DROPPED: "丢弃", "Dropped";

    // 3 Purposes.
    PURPOSES_TITLE: "目的与扣留", "Purposes and what was withheld";
    PURPOSES_LEAD: "目的与同意是查询计划中的节点：每次扫描个人数据，读入 = 使用 + 扣留。",
                   "Purpose and consent are nodes of the query plan: at every scan of personal data, read = used + withheld.";
    PURPOSES_NONE: "本次运行没有构建模型。", "No model was built by this run.";
    WITHHELD_FIGURE: "各模型：使用与扣留的行", "Rows used and withheld, by model";
    WITHHELD_CAPTION: "为 {}共扫描 {}；按目的与原因扣留 {}（{}）。", "Scanned for {}: {}; withheld by purpose and reason: {} ({}).";
    WITHHELD_ROWS: "扣留 {} · {}", "{} withheld · {}";
    WITHHELD_FEW: "扣留 {}", "{} withheld";
    WITHHELD_NONE: "无扣留", "none withheld";
    READS: "每次读取的账目", "Account of every read";
    MODEL: "发布表", "Table";
    RELATION: "读取的关系", "Relation read";
    USED: "使用", "Used";
    NO_SUBJECT: "其中无数据主体", "of these, without subject";
    WITHHELD: "扣留", "Withheld";
    REASONS: "目的 · 原因", "Purpose · reason";
    COLUMNS_HEAD: "列数", "Columns";
    ROWS_OUT: "产出行数", "Rows out";
    HELD_BACK: "因人数太少扣下的行", "Rows held back: too few people";
    LIKENESS: "发布前测得：与他人的相似程度", "How alike people are, measured before publication";
    MEASURE: "指标", "Measure";
    DEMANDED: "要求", "Demanded";
    FOUND: "实测", "Found";
    K_ALIKE: "k：最少多少条彼此相同", "k: as many alike at least";
    L_DIVERSITY: "ℓ：敏感值的多样性", "ℓ: diversity of";
    T_CLOSENESS: "t：与全表分布的距离", "t: distance from the table of";
    WITHOUT_SUBJECT: "涉及个人但无法识别数据主体的数据集", "Datasets about people without a resolvable data subject";
    DECLARED_REASON: "申报的理由", "Declared reason";
    NOISED: "差分隐私噪声", "Differential-privacy noise";
    EPSILON: "每次发布的 ε", "ε a publication";
    DELTA: "每次发布的 δ", "δ a publication";
    ROWS_PER_PERSON: "每人最多行数", "Rows a person at most";
    THRESHOLD: "人数阈值（加噪后）", "Least people shown (noised)";
    EVERY: "发布间隔", "At most every";
    PUBLICATIONS: "已发布次数", "Publications so far";
    SPENT: "累计 ε", "ε so far";
    THIS_RUN: "本次运行", "This run";
    PUBLISHED_NOW: "已发布", "published";
    LEFT_AS_IT_WAS: "保持不变", "left as it was";

    // 4 Identity.
    IDENTITY_TITLE: "身份归并", "Identity";
    IDENTITY_LEAD: "共享同一假名的记录归为同一客户；全程没有明文标识符。", "Records that share a pseudonym are one customer; no clear-text identifier takes part.";
    IDENTITY_NONE: "这条流水线不归并客户。", "This pipeline builds no customers.";
    TOKENS_FIGURE: "各标识域的假名数", "Pseudonyms by identifier domain";
    TOKENS_CAPTION: "{} 个假名指向 {} 位客户。", "Pseudonyms: {}. Customers that they lead to: {}.";
    IDENTIFIERS_FIGURE: "每位客户的标识数", "Identifiers per customer";
    IDENTIFIERS_CAPTION: "横轴：标识数；纵轴：客户数。", "Across: identifiers. Up: customers.";
    MERGED: "本次合并", "Merged by this run";
    CONSENT_DOUBTED: "被读不懂的同意记录提到的假名", "Pseudonyms that unreadable consent records name";
    CONSENT_IN_FUTURE: "日期晚于本次运行的同意记录（拒绝即刻生效，同意暂不生效）", "Consent events dated after the run's instant (refusals count, grants do not yet)";
    CONSENT_UNKNOWN_PURPOSE: "目的未在项目中声明的同意记录（拒绝对所有目的生效，同意无效）", "Consent events for an unknown purpose (refusals count for every purpose, grants for none)";
    CONSENT_WITHOUT_EFFECT: "声明为不生效的同意记录，如待确认的订阅", "Consent events declared to have no effect, such as unconfirmed opt-ins";
    CONSENT_UNMATCHED: "拒绝记录中未出现在任何数据行的假名", "Pseudonyms of refusals that match no row of data";
    SHARED: "多人共用而不作关联的假名", "Shared pseudonyms set aside";

    // 5 Customers.
    PICTURE_TITLE: "客户画像", "The customers' picture";
    PICTURE_LEAD: "只有聚合数字，没有单个客户。", "Numbers about many; no single customer appears.";
    PICTURE_LEAD_REVENUE: "{} 位有消费的客户，净销售额 {}。只有聚合数字，没有单个客户。", "{} buyers, {} of revenue net of returns. Numbers about many; no single customer appears.";
    PICTURE_NONE: "本次运行没有客户画像。", "This run drew no picture of the customers.";
    SPEND_FIGURE: "消费分布", "What customers spend";
    SPEND_CAPTION: "横轴：消费额区间下限；纵轴：客户数。人数最多的区间：{}。", "Across: lower bound of spend. Up: customers. The fullest bin is {}.";
    FROM_ON: "{} 起", "{} and more";
    CONCENTRATION_FIGURE: "销售额集中度", "How revenue concentrates";
    CONCENTRATION_CAPTION: "横轴：按销售额排在最前的客户占比；纵轴：他们贡献的销售额。虚线：人人相同。", "Across: best customers. Up: the revenue they bring. Dashed: if all brought the same.";
    TOP: "前 {}%：{}", "top {}%: {}";
    RFM_FIGURE: "近度与频度（RFM）", "Recency and frequency (RFM)";
    RFM_CAPTION: "每格：客户数与人均消费；底色越深客户越多。", "Each cell: customers and their mean spend; the deeper, the more customers.";
    RECENCY_AXIS: "近度：1 最久 → 5 最近", "Recency: 1 longest ago → 5 just now";
    FREQUENCY_AXIS: "频度：1 最少 → 5 最多", "Frequency: 1 fewest → 5 most";
    SEGMENTS_FIGURE: "客群：人数与销售额", "Segments: heads and revenue";
    SEGMENTS_CAPTION: "空心：占客户的比例；实心：占销售额的比例。", "Open: share of customers. Filled: share of revenue.";
    COMBINATIONS_FIGURE: "客户使用的渠道组合", "Channels that customers combine";
    COMBINATIONS_CAPTION: "每列是一种渠道组合；柱高为恰好使用这些渠道的客户数。", "Each column is a set of channels; its bar counts the customers who used exactly these.";
    COMBINATIONS_REST: "{}，共 {}。", "{} with {}.";
    BEST_MONTH: "最高 {}：{}", "best: {}, {}";
    MONTHS_FIGURE: "各渠道每月销售额", "Revenue by channel and month";
    MONTHS_CAPTION: "各行同一刻度，退货已扣除；圆点为最高的月份。", "All rows share one scale; returns are taken off; the dot is the best month.";

    // 6 Value.
    VALUE_TITLE: "数据资产价值", "Value of the data assets";
    VALUE_LEAD: "每个数据集的规模、完整性、一致性、时效性与使用程度，均为实测。", "Scale, completeness, consistency, timeliness and use of each dataset, as measured.";
    VALUE_NONE: "本次运行没有评估数据资产。", "This run valued no data asset.";
    SCALE: "规模（行）", "Scale (rows)";
    COMPLETENESS: "完整性", "Completeness";
    CONSISTENCY: "一致性", "Consistency";
    TIMELINESS: "时效性", "Timeliness";
    USAGE: "被引用列", "Columns using it";
    INDEX: "指数（0–100）", "Index (0–100)";

    // 7 Steps.
    STEPS_TITLE: "运行步骤", "Steps of the run";
    STEPS_LEAD: "依开始先后排列；横条在整次运行中的位置与长度即其时间。", "In order of start; a bar's place and length are its time within the run.";
    STEPS_NONE: "没有步骤的记录。", "No step was recorded.";
    STEP: "步骤", "Step";
    STATE: "状态", "State";
    TIME: "时间", "Time";
    ROWS_IN: "读入", "Rows in";
    ROWS_TO: "写出", "Rows out";
    LOSSES: "有名称的损失", "Named losses";
    KIND_EXTRACT: "抽取", "extract";
    KIND_IDENTITY: "身份", "identity";
    KIND_MODEL: "模型", "model";
    KIND_PUBLISH: "发布", "publish";
    STATE_DONE: "完成", "done";
    STATE_UNCHANGED: "无变化", "unchanged";
    STATE_FAILED: "失败", "failed";
    STATE_SKIPPED: "未运行", "skipped";

    // 8 Publication.
    EVIDENCE_TITLE: "发布与审计", "Publication and audit";
    EVIDENCE_LEAD: "全部发布，或全不发布。审计链上的每条记录含有前一条的 SHA-256，第三方可以独立核验。", "All tables changed, or none did. Each record of the audit chain holds the SHA-256 of the one before, so that a third party can verify it without us.";
    EVIDENCE_NONE: "本次运行没有发布任何内容。", "Nothing was published by this run.";
    ZONE: "分区", "Zone";
    TABLE: "表", "Table";
    VERSION: "版本", "Version";
    BYTES: "大小", "Size";
    AUDIT_NUMBER: "审计记录第 {} 号", "Audit record {}";
    AUDIT_HASH: "记录的 SHA-256", "SHA-256 of the record";
    AUDIT_NONE: "没有审计记录。", "There is no audit record.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn both_languages_take_the_same_values_and_none_is_empty() {
        for (name, phrase) in ALL {
            let slots = |s: &str| s.matches("{}").count();
            assert_eq!(slots(phrase.zh), slots(phrase.en), "{name}");
            assert!(!phrase.zh.is_empty() && !phrase.en.is_empty(), "{name}");
        }
    }

    #[test]
    fn no_phrase_passes_judgement_or_calls_a_pseudonym_anonymous() {
        for (name, phrase) in ALL {
            let text = format!("{} {}", phrase.zh, phrase.en.to_lowercase());
            for word in ["compliant", "compliance", "anonym", "合规", "匿名"] {
                assert!(!text.contains(word), "{name} says {word}");
            }
        }
    }

    #[test]
    fn counts_have_their_plural() {
        assert_eq!(ROWS.say(Language::English, 1), "1 row");
        assert_eq!(ROWS.say(Language::English, 2_000), "2,000 rows");
        assert_eq!(ROWS.say(Language::Chinese, 2_000), "2,000 行");
    }
}
