package console

import "regexp"

// checkItems are what the prechecks look at, in words, by their codes.
var checkItems = map[string]string{
	"S-CONN": "connection to the source", "S-AUTH": "source account", "S-VERSION": "source version", "S-PRIMARY": "source is a primary", "S-WAL-LEVEL": "logical WAL",
	"S-SLOTS-FREE": "free replication slots", "S-SENDERS-FREE": "free WAL senders", "S-REPL-PRIV": "right to replicate", "S-READ-PRIV": "right to read", "S-PUBLICATION": "publication",
	"S-LONG-TXN": "long transactions", "S-PREPARED-TXN": "prepared transactions", "S-SLOT-WAL-LIMIT": "WAL a slot may keep", "S-FAILOVER": "switch of primaries", "S-HEARTBEAT": "heartbeat table",
	"S-EVENT-TRIGGER": "event triggers", "S-SETTINGS": "source settings", "T-CONN": "connection to the target", "T-OWNER": "rights on the target", "T-VERSION": "target version",
	"T-ENCODING": "encoding", "T-SPACE": "room on the target", "T-REPLICA-ROLE": "triggers held off", "T-CONTROL-SCHEMA": "floe's own schema", "O-SELECTION-EMPTY": "selection",
	"O-KEY": "keys", "O-REPLICA-IDENTITY": "replica identity", "O-UNLOGGED": "unlogged tables", "O-TYPES": "column types", "O-TARGET-EXISTS": "tables on the target",
	"O-TARGET-SHAPE": "shape of the target's tables", "O-MAPPING-CLASH": "renamed objects", "O-NAME-CASE": "case of names", "O-TRIGGER": "triggers of tables", "O-FK-OUTSIDE": "foreign keys to the outside",
	"O-DEPENDENCY": "dependencies", "O-KIND-UNSUPPORTED": "kinds of objects", "O-SEQUENCE": "sequences", "O-LARGE-OBJECT": "large objects", "O-ROW-WIDTH": "wide rows",
	"O-ROW-SECURITY": "row security", "O-COLLATION": "collations", "O-EXTENSION": "extensions", "O-ROLE": "roles", "O-FILTER": "filters",
	"B-CONN": "connection to Kafka", "B-TOPIC-PRIV": "rights on topics", "B-MAX-MESSAGE": "largest message", "B-RETENTION": "retention", "B-DURABILITY": "durability of the log",
	"B-EMBEDDED": "embedded log", "R-CONN": "schema registry", "H-CLOCK": "clocks", "H-LOAD": "load of this machine", "H-LIMITS": "limits of this machine",
}

// operations are what happened to a row, in words, by the letters of its topic.
var operations = map[string]string{"c": "insert", "u": "update", "d": "delete", "r": "load", "t": "truncate"}

// entryForms are what entries of the ledger say (package logbook), and how one says it in Chinese.
var entryForms = []struct {
	english *regexp.Regexp
	chinese string
}{
	{regexp.MustCompile(`^capture began with slot (.*), timeline (\d+)$`), "捕获开始，复制槽 $1，时间线 $2"},
	{regexp.MustCompile(`^part (\d+) of a big transaction$`), "大事务的第 $1 部分"},
	{regexp.MustCompile(`^table with oid (\d+)$`), "OID 为 $1 的表"},
	{regexp.MustCompile(`^insert, table with oid (\d+)$`), "插入，OID 为 $1 的表"},
	{regexp.MustCompile(`^replace, table with oid (\d+)$`), "替换，OID 为 $1 的表"},
	{regexp.MustCompile(`^later, table with oid (\d+)$`), "待补，OID 为 $1 的表"},
	{regexp.MustCompile(`^slot (floe_\S+)$`), "复制槽 $1"},
	{regexp.MustCompile(`^publication (floe_\S+)$`), "发布 $1"},
	{regexp.MustCompile(`^the job's recording of DDL; with the last job also the event triggers floe_\* and table floe\.ddl$`), "作业的 DDL 记录；若为最后一个作业，则还包括事件触发器 floe_* 和表 floe.ddl"},
	{regexp.MustCompile(`^the job's rows of (.*), and with the last row the table$`), "$1 中该作业的行；若为最后一行，则还包括该表"},
	{regexp.MustCompile(`^(.*) comes back$`), "$1 恢复"},
	{regexp.MustCompile(`^topic (.*)$`), "主题 $1"},
	{regexp.MustCompile(`^the embedded broker's, (.*)$`), "内嵌 broker 的日志，$1"},
	{regexp.MustCompile(`^(\d[\d,]*) rows? of the job in schema floe$`), "模式 floe 中该作业的 $1 行"},
	{regexp.MustCompile(`^schema floe, which no other job uses$`), "模式 floe（没有其他作业使用）"},
	{regexp.MustCompile(`^table (.*) of the target was there before the job and stays$`), "表 $1 在作业之前已存在，保留"},
	{regexp.MustCompile(`^table (.*) of the target is not the one that floe made and stays$`), "表 $1 不是 floe 创建的那张，保留"},
	{regexp.MustCompile(`^replica identity of (.*)$`), "$1 的复制标识"},
	{regexp.MustCompile(`^materialized view (.*)$`), "物化视图 $1"},
	{regexp.MustCompile(`^foreign table (.*)$`), "外部表 $1"},
	{regexp.MustCompile(`^view (.*)$`), "视图 $1"},
	{regexp.MustCompile(`^table (\S.*)$`), "表 $1"},
	{regexp.MustCompile(`^(.*) and (\d+) more$`), "$1 等，另有 $2 张"},
}

// wordsOfLog are kinds of entries and of objects, and commands: pages show them by these words, whichever text
// bears them. A test holds that no kind of entry and no command lacks one.
var wordsOfLog = map[string]string{
	"epoch": "纪元", "commit": "提交", "objects": "对象定义", "selection": "对象选择", "chunk": "数据块", "loaded": "加载完成", "digest": "摘要", "mark": "标记", "note": "说明",
	"add": "添加", "remove": "移除", "start": "启动", "pause": "暂停", "resume": "恢复", "stop": "停止", "retry": "重试", "skip": "跳过", "resync": "重新同步", "replay": "重放", "set": "设置", "finish": "切换完成", "describe": "说明作业文件", "ask": "查询",
	"avro": "行模式", "avro-key": "键模式", "sequence-value": "序列值", "schema": "模式", "index": "索引", "constraint": "约束", "view": "视图", "materialized-view": "物化视图", "sequence": "序列", "function": "函数", "trigger": "触发器", "domain": "域", "enum": "枚举", "composite": "复合类型", "range": "范围类型", "extension": "扩展", "comment": "注释", "rule": "规则", "policy": "行级策略", "roles": "角色", "collation": "排序规则", "statistics": "统计信息", "event-trigger": "事件触发器", "foreign-table": "外部表", "aggregate": "聚合函数", "operator": "运算符", "cast": "类型转换", "synonym": "同义词", "package": "包", "package-body": "包体",
	"table": "表", "base-type": "基础类型", "access-method": "访问方法", "language": "语言", "transform": "转换", "conversion": "编码转换", "operator-family": "运算符族", "operator-class": "运算符类", "search-parser": "文本搜索解析器", "search-template": "文本搜索模板", "search-dictionary": "文本搜索词典", "search-configuration": "文本搜索配置", "foreign-data-wrapper": "外部数据包装器", "server": "外部服务器", "trigger-state": "触发器状态", "publication": "发布", "default-privileges": "默认权限", "user-mapping": "用户映射", "subscription": "订阅", "tablespace": "表空间", "large-objects": "大对象", "security-labels": "安全标签", "object-type": "对象类型",
}

// wordsOfStructure are the codes of objects that are not on the target as on the source, and what a change was that a
// target refuses: identifiers and words of services, which Chinese pages explain.
var wordsOfStructure = map[string]string{
	"fk-target-not-selected": "被引用的表未选择", "mapped-name": "引用了已映射的名称", "target-version": "目标库版本不支持", "until-cut-over": "切换时创建", "definition-changed": "定义在目标库已调整", "existing-differs": "与目标库已有的不同",
	"column-missing": "目标表缺少列", "fires": "会对同步的行触发", "dropped-on-source": "源库已删除", "not-copied": "不复制", "structure-refused": "目标库拒绝",
	"an insert": "插入", "an update": "更新", "a delete": "删除", "a truncate": "清空",
}
