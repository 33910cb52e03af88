package console

import "slices"

// languages are those that the pages speak; texts are written in the first.
var languages = []string{"en", "zh"}

func isLanguage(lang string) bool { return slices.Contains(languages, lang) }

// translate says a text of the pages in a language. What the services say of themselves comes as they
// say it.
func translate(lang, text string) string {
	if lang == "zh" {
		if s, ok := chinese[text]; ok {
			return s
		}
		if s, ok := wordsOfLog[text]; ok {
			return s
		}
		if s, ok := wordsOfStructure[text]; ok {
			return s
		}
	}
	if s, ok := english[text]; ok {
		return s
	}
	return text
}

// english are words of the API that people read otherwise.
var english = map[string]string{"ok": "ok", "fail": "failed", "warn": "warning", "notice": "notice", "now": "now", "passed": "passed", "warnings": "passed with warnings"}

// chinese are all texts of the pages.
var chinese = map[string]string{
	// States of a job and of its services.
	"CREATED": "未启动", "PRECHECKING": "预检查中", "PRECHECK_FAILED": "预检查失败", "READY": "待启动", "STARTING": "启动中", "INIT_STRUCTURE": "结构初始化", "INIT_DATA": "全量初始化",
	"CATCHING_UP": "追赶中", "SYNCING": "同步中", "WAITING": "等待中", "RETRYING": "重试中", "PAUSED": "已暂停", "NOT RUNNING": "未运行", "BLOCKED": "阻塞", "FAILED": "失败", "STOPPED": "已停止",
	"FINISHED": "已结束", "RUNNING": "运行",
	// States of tables, stages, checks and objects.
	"in sync": "已同步", "loading": "加载中", "settling": "收敛中", "waiting": "等待", "blocked": "阻塞", "halted": "停住", "done": "完成", "now": "进行中", "differs": "有差异",
	"failed": "失败", "left out": "略过", "substituted": "已替换", "changed": "已变更", "ok": "通过", "fail": "失败", "warn": "警告", "notice": "提示", "ignored": "已忽略", "skipped": "已跳过",
	"passed": "通过", "warnings": "通过，有警告", "structure": "结构初始化", "full load": "全量初始化", "catching up": "追赶", "changes": "增量同步",
	// Frame.
	"Skip to content": "跳到正文", "Pages": "页面", "latency": "延迟", "The log is not being read:": "无法读取日志：", "Counts are since each service's start.": "计数自各服务启动时起算。",
	"Language": "语言", "Colours": "颜色", "System": "跟随系统", "Light": "浅色", "Dark": "深色", "Sign out": "退出登录", "Sign in": "登录", "Token": "令牌",
	"This token is not known.": "令牌不正确。", "Too many wrong tokens came from this address; wait some minutes.": "该地址的错误令牌过多，请等待几分钟。",
	"Overview": "概览", "Tables": "表", "Table": "表", "Structure": "结构", "Errors": "错误", "Prechecks": "预检查", "Log": "日志", "Settings": "设置", "Not done": "未执行", "Back": "返回",
	"The command is in the log; the services take it up at once.": "命令已写入日志，各服务会立即执行。", "Nothing to do: it is so already.": "无需操作：已处于该状态。",
	// Overview.
	"All that needs somebody": "全部待处理事项", "to go on:": "继续运行：", "Stages": "阶段", "Flow": "数据流", "source": "源库", "capture": "捕获", "applier": "应用", "target": "目标库",
	"WAL kept": "保留的 WAL", "rows/s": "行/秒", "behind": "落后", "of": "/", "objects differ": "个对象有差异", "rows loaded": "已加载行数", "rows (estimate)": "行（估计）",
	"Over time": "趋势", "Range": "时间范围", "Latency": "延迟", "Rows a second": "每秒行数", "WAL kept by the source": "源库保留的 WAL", "end to end": "端到端", "captured": "已捕获", "applied": "已应用",
	"at most": "最大", "Services": "服务", "service": "服务", "state": "状态", "host": "主机", "position": "位点", "transactions": "事务数", "heard": "上次上报",
	"No service was heard yet.": "尚未收到任何服务的上报。", "Actions": "操作", "Reason (kept with the command)": "原因（随命令保存）", "Pause": "暂停", "Resume": "恢复", "Start": "启动", "Stop": "停止",
	"Stopping lasts until somebody starts the job; the source keeps its WAL meanwhile.": "停止后须有人启动作业才会继续；期间源库会一直保留 WAL。", "The job's name, to be sure": "请输入作业名称以确认",
	// The end of a job.
	"Delete the job": "删除作业", "The job is deleted:": "作业已删除：", "What goes": "将移除的内容", "What stays": "将保留的内容", "This cannot be taken back.": "此操作无法撤销。",
	"Both services clear their sides; then the log goes.": "两侧的服务正在各自清理，随后删除日志。", "What is left undone, a further deletion ends.": "未完成的部分可再次删除以继续。",
	"Its services have nothing more to do: end them. Started again they would make the job anew.":        "其服务已无事可做，请结束它们；再次启动会重新创建该作业。",
	"A job that runs is not deleted: stop it first.":                                                     "运行中的作业不能删除，请先停止。",
	"Each service clears its own side, so both have to be there. Nothing is heard of:":                   "各服务清理自己一侧，因此两者都须在运行。尚未收到以下服务的上报：",
	"The target's tables stay as they are, with their rows; nothing is replicated to them any more.":     "目标库的表及其中的行保持不变，不再同步。",
	"the job's recording of DDL; with the last job also the event triggers floe_* and schema floe":       "作业的 DDL 记录；若为最后一个作业，则还包括事件触发器 floe_* 和模式 floe",
	"the job's rows of the heartbeat table, and with the last row the table":                             "心跳表中该作业的行；若为最后一行，则还包括该表",
	"the replica identities that it gave, where no other publication needs them: those before come back": "作业设置的复制标识（其他发布不需要时）恢复为原来的设置",
	"the job's rows in schema floe; with the last job all of the schema":                                 "模式 floe 中该作业的行；若为最后一个作业，则为整个模式",
	// The target takes over, and a job that begins anew.
	"Have the target take over": "切换到目标库", "the target gets all, what waited is made there, the job ends.": "目标库追平后创建等待的对象，作业结束。",
	"Begin the job anew": "重置作业", "what it made is removed, everything is loaded again.": "移除作业创建的内容，重新加载全部数据。", "what it made is removed, the target's tables stay.": "移除作业创建的内容，目标库的表保留。",
	"draining": "等待追平", "stopping": "停止服务", "taking over": "切换", "objects made or enabled": "已创建或启用的对象", "sequences set": "已设置的序列",
	"The target gets all that the source has by then, and the services come to rest. What waited for this is made on the target: triggers, rules, publications, foreign keys; materialized views are refreshed, sequences go on where the source's are. Then the job is over: it does not start again.": "先等目标库追平源库，各服务随后停下。然后在目标库创建等待切换的内容：触发器、规则、发布、外键；刷新物化视图，序列从源库的位置继续。之后作业结束，不会再次启动。",
	"End what writes to the source first: nothing bars it. If it wrote behind the place where the job stopped, nothing is changed, and this is to be done again.":                                                                                                                                       "请先停止对源库的写入：源库不会被禁止写入。若作业停下之后源库仍有写入，则不做任何更改，须再次执行。",
	"The target has taken over; the job is over.": "目标库已接管，作业已结束。", "While the target took over:": "切换期间：", "What the target refused": "目标库拒绝的内容", "Once that is mended, do it again: the rest is made.": "处理后请再次执行，以创建其余内容。",
	"The job is taken back to before its first start: its log goes, its slot, and the tables that it made on the target. Then it starts as its file says, without what commands changed, and everything is loaded again. It is the way out where the log cannot be gone on with.": "作业回到首次启动之前：删除其日志、复制槽，以及其在目标库创建的表；然后按作业文件启动（不含由命令所做的更改）并重新加载全部数据。日志无法继续使用时，这是出路。",
	"The job was not begun anew as a whole:": "作业未能完全重置：", "Once that is mended, do it again: the rest is removed.": "处理后请再次执行，以移除其余内容。",
	"This console reaches the log and not the databases. With the services ended, where the job file is:": "此控制台只连接日志，不连接数据库。请结束各服务，然后在作业文件所在处运行：",
	"A job that rests is not cut over: have it run first.":                                                "已停下的作业不能切换，请先让其运行。", "A job that runs is not begun anew: stop it first.": "运行中的作业不能重置，请先停止。",
	"The target has taken over: what was written there since goes with the tables that the job made.": "目标库已接管：此后写入作业所建表的内容会随表一起删除。",
	"Nothing is left of the job.": "作业没有留下任何内容。", "Rows in tables that were there before the job": "作业之前已存在的表中的行", "are taken out: the load makes the tables equal": "清空：加载后与源库一致", "stay, also those that the source has deleted since": "保留，包括源库此后已删除的行",
	"What the job made is being removed; then it is loaded anew. Its page comes by itself.": "正在移除作业创建的内容，随后重新加载；页面会自动出现。",
	// Tables.
	"Name": "名称", "State": "状态", "all": "全部", "Show": "显示", "tables": "张表", "table": "表", "captured i/u/d/t": "捕获 增/改/删/清", "applied i/u/d/t": "应用 增/改/删/清", "error": "错误",
	"No table is as asked.": "没有符合条件的表。", "Further tables": "更多表", "Before": "上一页", "Further": "下一页", "Add tables": "添加表", "They are loaded while the others go on.": "新表加载期间，其他表照常同步。",
	"Names as in SQL, one a line": "按 SQL 写法填写表名，每行一个", "Add": "添加", "inserts": "插入", "updates": "更新", "deletes": "删除", "truncates": "清空", "Remove": "移除",
	"Its changes are no longer replicated; the target's copy stays as it is.": "不再同步该表的变更；目标库中的副本保持不变。",
	"Replay": "重放", "From": "起点", "What the log says that its rows became since a place is written to the target again; the source is not asked. A place is a ledger offset, an LSN of the source, or a time with its zone.": "将日志中该表的行自某位点起的结果再次写入目标库，不查询源库。位点可为账本偏移、源库 LSN，或带时区的时间。",
	// Errors and structure.
	"Change": "变更", "Key": "主键", "Remedy": "处理办法", "Cause": "原因", "in its own words": "原文", "Nothing needs you.": "没有需要处理的事项。",
	"objects are not on the target as they are on the source.": "个对象在目标库与源库不一致。", "All structure is on the target as on the source.": "目标库的结构与源库一致。",
	"What is left out stays left out, until the table is read again.": "跳过的内容不会自行补上，直到该表重新读取。", "Leave out": "跳过", "the transaction": "整个事务", "the change": "仅该变更", "Try again now": "立即重试",
	"Repair: read the table again": "修复：重新同步该表", "Read again": "重新同步", "The source's rows replace the target's, while changes go on; rows that only the target has go.": "以源库的行替换目标库的行，期间变更照常同步；目标库独有的行会被删除。",
	// Log.
	"Ledger": "账本", "Entries": "条目", "starts and structure": "启动与结构变更", "offset": "偏移", "time (UTC)": "时间（UTC）", "kind": "类型", "rows": "行数", "what": "内容", "void": "无效", "gone": "已删除",
	"Nothing of that kind among the last entries.": "最近的条目中没有该类型。", "Further entries": "更多条目", "Older": "更早", "Commands": "命令", "The job is to be": "作业应处于", "command": "命令", "by": "发送者",
	"None was sent.": "尚未发送过命令。", "Checkpoints": "检查点", "epoch": "纪元", "ledger offset": "账本偏移", "The ledger holds offsets": "账本保存的偏移范围",
	"The job's log does not answer, or the job has not begun.": "作业的日志没有响应，或作业尚未开始。",
	// Prechecks and settings.
	"This console reaches the log and not the databases. Where the job file is:": "此控制台只连接日志，不连接数据库。请在作业文件所在处运行：",
	"The prechecks look for what would stop the job; they change nothing.":       "预检查查找会使作业中断的问题；不做任何修改。", "Run the prechecks": "运行预检查", "None was made since this console began.": "此控制台启动以来尚未运行预检查。", "The prechecks are running.": "预检查正在运行。", "Ended": "结束于", "Copy": "复制",
	"Bounds of the running job": "运行中可调整的限制", "field": "字段", "value": "值", "as the job file says": "以作业文件为准", "Set": "设置",
	"topics": "主题", "Job file": "作业文件", "As it is true now, with tables that commands added and removed; passwords are references.": "当前生效的内容，包含由命令添加和移除的表；密码只写引用。",
	"This console was started without the job file.": "启动此控制台时没有作业文件。", "Plan": "计划", "Make the plan": "生成计划", "The plan is being made.": "正在生成计划。",
	"What the job makes, loads and leaves out, and the rights that suffice. Both databases are asked.": "作业将创建、加载和略过的内容，以及所需的最小权限。会查询两个数据库。",
	// What the prechecks look at, and what happens to rows.
	"connection to the source": "源库连接", "source account": "源库账号", "source version": "源库版本", "source is a primary": "源库为主库", "logical WAL": "逻辑日志级别",
	"free replication slots": "空闲复制槽", "free WAL senders": "空闲发送进程", "right to replicate": "复制权限", "right to read": "读取权限", "publication": "发布",
	"long transactions": "长事务", "prepared transactions": "两阶段事务", "WAL a slot may keep": "复制槽 WAL 上限", "switch of primaries": "主备切换", "heartbeat table": "心跳表",
	"event triggers": "事件触发器", "source settings": "源库参数", "connection to the target": "目标库连接", "rights on the target": "目标库权限", "target version": "目标库版本",
	"encoding": "字符编码", "room on the target": "目标库空间", "triggers held off": "触发器停用", "floe's own schema": "floe 控制模式", "selection": "对象选择",
	"keys": "主键", "replica identity": "复制标识", "unlogged tables": "无日志表", "column types": "列类型", "tables on the target": "目标库已有表",
	"shape of the target's tables": "目标表结构", "renamed objects": "名称映射冲突", "case of names": "名称大小写", "triggers of tables": "表触发器", "foreign keys to the outside": "外部外键",
	"dependencies": "依赖对象", "kinds of objects": "对象类型", "sequences": "序列", "large objects": "大对象", "wide rows": "超宽行",
	"row security": "行级安全", "collations": "排序规则", "extensions": "扩展", "roles": "角色", "filters": "过滤条件",
	"connection to Kafka": "Kafka 连接", "rights on topics": "主题权限", "largest message": "消息大小上限", "retention": "保留时间", "durability of the log": "日志持久性",
	"embedded log": "内嵌日志", "schema registry": "模式注册中心", "clocks": "时钟", "load of this machine": "本机负载", "limits of this machine": "本机限制",
	"insert": "插入", "update": "更新", "delete": "删除", "load": "加载", "truncate": "清空", "rows changed": "变更行数", "Next step": "下一步",
	// Jobs and their stages.
	"Jobs": "作业", "No job is on this log yet.": "此日志上尚无作业。", "more are not shown.": "个未显示。", "The log does not say which topics it has.": "无法列出日志的主题。", "unknown": "未知", "since": "已持续", "took": "用时",
	"Jobs are found by their topics; each has its pages on its own console.": "作业按其主题发现，各作业的页面在其自己的控制台上。", "Its pages lead to one, step by step:": "按页面逐步新建：",
	"The log is being looked through.": "正在查找日志上的作业。", "last error": "最近的错误", "over the last": "时间范围",
	"Described step by step here, it becomes a file for services that run each where its database is; they check, report here, and begin when it is started. No password comes here.":                                                                   "在此按步骤描述，得到供各数据库所在处的服务使用的作业文件；服务会先检查并在此上报，收到启动命令后开始。密码不会经过此处。",
	"This console makes a job file for services that run elsewhere, each where its database is. It reaches no database and takes no password: the file refers to variables that are set there. A service that works with a database is asked about it.": "此控制台为在别处（各数据库所在处）运行的服务生成作业文件。它不连接任何数据库，也不接收密码：文件引用在服务处设置的环境变量。数据库的情况由正在使用它的服务代为查询。",
	"Services on this log work with:": "此日志上的服务正在使用：", "No service on this log works with the source, so it cannot be asked: name schemas, tables or patterns as in SQL.": "此日志上没有正在使用该源库的服务，无法查询：请按 SQL 写法填写模式、表或通配。",
	"As a capture sees it that works with it. Its job:": "由正在使用该源库的捕获服务查询，其作业：", "A service looks that works with it, as the user that it has there. Its job:": "由正在使用该数据库的服务以其自身账号检查，其作业：",
	"Start the services with the file": "用此文件启动服务", "Keep the file as job.yaml where each service runs, with the variables that it refers to. They check, and report here; nothing is made before the job is started.": "在各服务运行处将文件保存为 job.yaml，并设置其引用的变量。服务会先检查并在此上报；作业启动之前不会创建任何内容。",
	"What they report": "服务上报", "Nothing reports of a job of this name yet.": "尚无该名称作业的上报。", "Passwords are not in it: it refers to variables.": "文件中没有密码：只引用变量。",
	// Rows as they come.
	"Events": "事件", "Hide the values of": "隐藏以下列的值", "Hide all values": "隐藏所有值", "Watch": "查看", "Hold": "暂停刷新", "events were too many to be shown": "个事件过多未显示", "before": "变更前",
	"What stands on the table's topic, the newest first. Repetitions of a client stand there too; only what the ledger points at is applied.": "该表主题上的内容，最新的在前。客户端的重复写入也在其中；只有账本指向的内容才会被应用。",
	// Comparing both databases.
	"verified": "已校验", "Look": "查看", "Watch its rows": "查看行变更", "What it means": "含义",
	"Verify": "校验", "Every row and every column of both databases is compared, each at one moment; nothing is changed. Changes that are under way show as differences: compare again to tell them apart.": "逐行逐列比较两个数据库各自一个时刻的内容，不做任何修改。正在同步的变更会显示为差异：再次校验即可区分。",
	"Tables as in SQL, one a line; none for all": "按 SQL 写法填写表名，每行一个；留空为全部", "Compare": "开始校验", "equal": "一致", "tables are compared": "张表已比较", "not compared": "未比较",
	"missing": "目标库缺失", "extra": "目标库多出", "other number": "行数不同", "and more": "还有更多", "column": "列", "row": "行", "All tables are equal.": "所有表一致。", "Tables that differ": "有差异的表",
	"Rows are shown to operators.": "仅操作员可查看行内容。", "Other tables": "其他表", "Not all tables are shown; the API has them.": "未显示全部表，可通过 API 查看。", "stopped": "已终止",
	// A new job.
	"New job": "新建作业", "Databases": "数据库", "Objects": "对象", "Initialisation": "初始化", "Precheck and start": "预检查并启动", "Starting": "正在启动",
	"What floe will run. Passwords are kept in a file that only this user reads.": "floe 将按此运行。密码保存在只有当前用户可读的文件中。",
	"Host, or a socket's folder": "主机，或套接字所在目录", "Port": "端口", "Database": "数据库", "User": "账号", "Password": "密码", "kept": "已保存", "Forget the password": "清除已保存的密码", "Test": "测试连接",
	"verify-full, none if local": "verify-full（本机不加密）", "File of the authority": "CA 证书文件", "The whole database, what comes later too": "整个数据库，包括以后新建的对象", "On the source": "源库对象",
	"all of": "全部", "what comes later too": "包括以后新建的", "Not all are shown; look for a part of a name. Shown at most:": "未全部显示，请按名称查找。最多显示：", "Choose what is ticked": "加入所选", "Pattern": "通配",
	"Chosen": "已选对象", "on the target": "目标库名称", "The whole database": "整个数据库", "Nothing yet.": "尚未选择。", "Left out: patterns, one a line": "排除：每行一个通配", "Rows that are wanted: table: condition, one a line": "行过滤：表名: 条件，每行一个", "Take names over": "保存名称",
	"Columns that are wanted, of tables that lose some: table: columns, one a line": "列过滤：表名: 需要的列，每行一个", "Encoding of its texts, for a database in SQL_ASCII": "文本编码（数据库为 SQL_ASCII 时）",
	"Job": "作业", "The log:": "日志：", "embedded in this process, for trials": "内嵌于本进程，仅供试用", "Structure: tables and other objects are made on the target": "结构初始化：在目标库创建表和其他对象",
	"Rows: what the source holds now is loaded": "全量数据初始化：加载源库现有数据", "Tables read at once": "同时读取的表数", "Tables that the target has already": "目标已存在表的处理模式", "stop the precheck": "预检查并报错拦截",
	"are loaded into: their rows stay, changes overwrite them": "忽略报错并继续执行：保留已有行，变更覆盖", "Changes of structure": "结构变更（DDL）", "are carried over": "同步到目标库", "stop the job": "停止作业",
	"Tables without a replica identity": "没有可用复制标识的表", "are given one on the source": "在源库为其设置", "stay as they are": "保持不变", "The job has changed since; run them again.": "作业已修改，请重新运行预检查。",
	"Each service makes the prechecks of its own side: before the job first begins, whenever it is started before that, and when it is asked.": "各服务检查自己一侧：作业首次开始之前、此前每次启动时，以及收到请求时。",
	"The job is ready: it begins when it is started.": "作业已就绪：启动后即开始。", "The prechecks failed: the job cannot be started yet.": "预检查未通过：作业还不能启动。", "All prechecks": "全部预检查",
	"What the source holds is loaded first; changes follow from then on. Nothing is made on either side before.": "先加载源库现有数据，随后持续同步变更。启动之前不会在任何一侧创建内容。",
	"Nothing stands in the way.": "预检查通过，可以启动。", "The job starts; its page comes by itself.": "作业正在启动，稍后自动转到作业页面。", "Why it may be ignored": "忽略的原因", "Ignore": "忽略",
	"It is the one that this console reads:": "即此控制台读取的日志：", "Kafka": "Kafka", "The command line says which:": "由命令行指定：", "Brokers, HOST:PORT; none for the embedded log, which is for trials": "Broker 地址（主机:端口）；留空则使用内嵌日志，仅供试用",
	"The connection is encrypted": "加密连接", "Name in the brokers' certificates": "broker 证书中的名称", "File of the client's certificate": "客户端证书文件", "File of its key": "客户端私钥文件",
	"Mechanism": "认证机制", "none": "无", "Where the password is": "密码所在处（引用）",
	"The password itself is never typed here: name a variable, ${KAFKA_PASSWORD}, or a file, ${file:/run/secrets/kafka}. PLAIN is taken with TLS alone, but on this machine.": "此处不填写密码本身：请引用环境变量 ${KAFKA_PASSWORD} 或文件 ${file:/run/secrets/kafka}。除本机外，PLAIN 仅在启用 TLS 时可用。",
	"For programs": "程序接口", "Metrics (Prometheus)": "指标（Prometheus）", "Schema registry": "模式注册中心",
}
