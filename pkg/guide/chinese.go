package guide

// Chinese is a code's page in Chinese, as far as it was written: the console shows it.
func Chinese(code string) *Page {
	p := Of(code)
	if said, ok := chinese[code]; ok && p != nil {
		p.Cause, p.Did, p.Remedy = said[0], said[1], said[2]
	}
	return p
}

const (
	zhFails   = "失败"
	zhWarns   = "警告"
	zhNotices = "提示"
	zhReset   = "停止 floe，然后执行 `floe job reset`：开始新的日志，并重新加载全部数据"
	zhStopped = "捕获未在此之后写入任何内容；日志和目标库到此处为止保持正确。复制槽、发布和日志均未改动。"
	zhBefore  = "应用服务已使此处之前的全部内容生效，此处的内容一点也未生效；检查点停在原处。"
	zhAgain   = "会以逐渐加长的间隔重试。"
	zhItself  = "；floe 随后自行继续"
)

// chinese are the pages' causes, what floe did, and remedies.
var chinese = map[string][3]string{
	"slot-missing":         {"日志已有位点，但源库上作业的复制槽不存在：有人删除了它，或源库是从未有过该复制槽的新主库。", zhStopped + "不会新建复制槽：新的复制槽会从无人持有的变更之后开始。", zhReset},
	"slot-ahead":           {"复制槽越过了日志的末尾：有人推进了它，或删除后以同名重建。消息中两个位点之间的变更不在日志中。", zhStopped, zhReset},
	"wal-lost":             {"源库使复制槽失效：保留的 WAL 超过 max_slot_wal_keep_size，或空闲超过 idle_replication_slot_timeout。消息所示位点之后的内容已丢失。", zhStopped, zhReset + "。此前请调大该限制，或缩短捕获的中断（预检查 S-SLOT-WAL-LIMIT，指标 floe_slot_retained_bytes）"},
	"wal-undecodable":      {"源库服务器每次都在同一位置以内部错误（SQLSTATE XX000）结束流：它无法为复制槽解码自己的 WAL。PostgreSQL 已知的情形是 `could not map filenode`：创建复制槽期间，某表被 VACUUM FULL、CLUSTER 等命令重写。只出现一两次的会自行消失，为 source-refused。", zhStopped, zhReset + "。作业启动期间最好避免此类命令"},
	"source-changed":       {"源库地址上的服务器不是写入日志时的集群：系统标识不同。", zhStopped + "只读取了另一服务器的身份。", "更正源库地址" + zhItself + "。如确实要用新服务器，" + zhReset},
	"source-rewound":       {"源库比日志中已有的内容更旧：它从备份恢复，或是在数据未收齐时提升的备库。消息给出两者开始不同的位点。", zhStopped + "目标库保留源库已没有的内容。", "恢复正确的服务器" + zhItself + "。如确实要用较旧的状态，" + zhReset},
	"publication-changed":  {"发布不是 floe 创建的那个：发布本身、其中的表或某类变更曾被移除，也许之后又放回。期间写入的内容不在任何消息中。", zhStopped, zhReset + "；如消息给出 ALTER PUBLICATION 语句，执行它即可"},
	"structure-changed":    {"表结构的变更无法从日志跟随：ddl: off 时为任何变更，否则为目标库无法完成的变更，或捕获看不到其行时发生的变更。", "变更之前的内容已在目标库，之后的没有。", "如消息要求，在非 floe 创建的目标表上做相同变更；否则停止 floe 并执行 `floe job reset`：它会删除自己创建的表，下次启动时重新创建并加载"},
	"topic-reset":          {"作业的某个主题被删除，或删除后重建：其标识或末尾与账本所知不符。", "两个服务都未在其中读写。目标库保持原样。", zhReset},
	"log-gap":              {"账本指向的消息不在日志中：因保留时间、消息删除，或 broker 丢失了已确认的消息。消息给出主题、分区和偏移。", zhBefore + "不会改从其他位置读取。", zhReset + "。此前请检查主题的保留时间（预检查 B-RETENTION）"},
	"ledger-rewritten":     {"在目标库所处的位置，账本中的条目不是已应用的那一条。", zhBefore, "查明谁写了账本，或恢复正确的 broker；否则" + zhReset},
	"foreign-record":       {"作业主题中的某条消息不是 floe 的，或已损坏：校验和、消息头或格式不符。消息给出主题和偏移。", zhBefore + "不会跳过该消息。", "查明谁写了该主题并收回其权限；" + zhReset},
	"schema-mismatch":      {"同一个模式 id 对应两个模式：注册中心被清空或恢复过，或消息的模式有误。", zhBefore, "恢复注册中心，或" + zhReset},
	"registry-refused":     {"模式注册中心有响应，但拒绝了某个模式：因兼容规则、权限或其运行模式。", "捕获未写入新模式的行。此前的行已在日志中。", "将该 subject 的兼容级别设为 NONE 或 BACKWARD，或授予消息所示权限；捕获随后自行继续"},
	"target-mismatch":      {"目标库有其他作业的记录而没有本作业的，但日志表明应用服务曾应用到它：数据库是从其他作业恢复的，或被调换。", "应用服务未改动目标库。", "更正目标库地址" + zhItself + "。如该数据库确实用于本作业，" + zhReset},
	"target-table-exists":  {"目标库已有作业将要创建的同名表，而 on_existing 为 block。", "未创建任何对象，也未改动目标库的任何行。", "将其改名或删除、映射名称（objects.mapping），或设置 on_existing: proceed"},
	"target-table-missing": {"行所属的表或其主键列不在目标库：被删除或改名，或未能创建。", zhBefore, "按源库的样子创建它，或由 floe 创建（init.structure）；应用服务随后自行继续"},
	"constraint-violation": {"目标库拒绝某个变更：因只有目标库才有的约束、触发器或类型，或有目标库自己的行妨碍。消息给出表、主键、位点和 SQLSTATE。", "此前的事务已在目标库；该事务及之后的全部事务完整等待。没有略过任何内容。", "改正妨碍之处" + zhItself + "（`floe errors retry` 可立即得知结果）。或跳过它：`floe errors skip POSITION --reason WHY`，整个事务或仅该变更；会记入日志和目标库的 floe.skipped，并一直显示到该表重新加载"},
	"filter-refused":       {"源库无法计算作业的行过滤条件，或变更缺少过滤所需的旧值；或作业的列清单漏掉了区分行所用的列，或与日志中的清单不同。", zhStopped, "更正作业文件中的 objects.filters 并重新启动 floe；如消息要求，将表设为 REPLICA IDENTITY FULL"},
	"text-undecodable":     {"源库编码为 SQL_ASCII，某行的字节不是 source.encoding 所指编码的文本，或含有服务器会当作自身符号的字节。消息中有表、列和主键。", zhStopped, "更正 source.encoding 并重新启动 floe；或在源库更正该行，停止 floe，然后执行 `floe job reset`：WAL 中已有的内容不会改变"},
	"disk-full":            {"磁盘已满：内嵌 broker 的磁盘（保留 5 %），或消息所示服务器的磁盘。", "未落盘的内容均未确认，也未丢弃任何内容。如是数据库或 Kafka 报告，服务处于 RETRYING。", "在该处释放空间" + zhItself},

	"source-unreachable":   {"源库无响应，或连接中断。", zhAgain + "期间源库为复制槽保留 WAL。", "确认服务器在运行且可访问；保留 WAL 期间请关注其磁盘"},
	"source-shutting-down": {"源库正在关闭，或管理员终止了会话。", zhAgain, "服务器恢复后无需处理"},
	"source-starting":      {"源库正在启动，或在崩溃恢复中。", zhAgain, "无需处理"},
	"source-busy":          {"源库没有空闲连接，或遇到锁或串行化冲突。", zhAgain, "如持续，请调大 max_connections 或结束空闲会话"},
	"source-read-only":     {"源库不接受写入：它是备库，或开启了 default_transaction_read_only。", zhAgain, "将主库指定为源库，或为 floe 的账号关闭该参数"},
	"source-refused":       {"源库拒绝某条语句，原因 floe 不了解。", zhAgain, "查阅消息中的 SQLSTATE；如与服务器参数无关，则是值得报告的缺陷"},
	"target-unreachable":   {"目标库无响应，或连接中断。", zhAgain + "期间的内容保留在日志中。", "确认服务器在运行且可访问"},
	"target-shutting-down": {"目标库正在关闭，或管理员终止了会话。", zhAgain, "服务器恢复后无需处理"},
	"target-starting":      {"目标库正在启动，或在崩溃恢复中。", zhAgain, "无需处理"},
	"target-busy":          {"目标库没有空闲连接，或遇到死锁、锁或串行化冲突。", zhAgain + "受影响的事务已整体回滚。", "如持续，请查明谁持有锁"},
	"target-read-only":     {"目标库不接受写入：它是备库，或开启了 default_transaction_read_only。", zhAgain, "使目标库可写" + zhItself},
	"target-refused":       {"目标库拒绝某条语句，原因 floe 不了解。", zhAgain, "查阅消息中的 SQLSTATE；如与服务器参数无关，则是值得报告的缺陷"},
	"auth-failed":          {"服务器拒绝账号、密码或消息所示的权限。", zhAgain + "每次连接都会重新读取密码。", "更正账号或密码，或授予消息所示权限" + zhItself},
	"broker-unreachable":   {"Kafka 无响应，或某个分区没有 leader。", zhAgain + "捕获不再读取，也不向源库确认；应用服务保留已有内容。", "确认 broker 在运行且可访问"},
	"broker-refused":       {"Kafka 彻底拒绝某个请求，例如超过上限的消息。", zhAgain + "该消息不在任何账本条目中，因此不在日志中。", "按消息所示设置（message.max.bytes、配额）"},
	"registry-unreachable": {"模式注册中心无响应。", "捕获等待模式为新的行；已有模式的行照常进行。", "确认注册中心在运行且可访问"},
	"log-full":             {"内嵌 broker 的日志已达上限，且没有可以删除的内容：有应用服务尚未应用。", "捕获在两个事务之间停止读取；源库保留其 WAL。", "确认作业的每个应用服务都在运行，或以更大的 --log-cap 启动 broker"},
	"internal":             {"floe 尚未命名的问题。", zhAgain, "请用 `floe diag` 收集信息并报告"},

	"S-CONN":             {"源库无响应、没有该数据库、无法证明其身份，或无法读取其地址。", zhFails + "；连接未经校验时为警告", "检查主机、端口和数据库，防火墙或白名单；TLS 请设置 tls.mode verify-full 和 tls.ca"},
	"S-AUTH":             {"源库拒绝账号或密码。", zhFails, "检查两者；消息中有 pg_hba.conf 的条目"},
	"S-VERSION":          {"源库低于 PostgreSQL 11，或在系统目录查询中将 '' 视为 NULL。", zhFails, "升级源库，或按消息设置角色的模式"},
	"S-PRIMARY":          {"源库是备库。", zhFails, "指定主库"},
	"S-WAL-LEVEL":        {"wal_level 不是 logical。", zhFails, "执行 ALTER SYSTEM SET wal_level = 'logical'，然后重启"},
	"S-SLOTS-FREE":       {"复制槽均已占用，且没有本作业的。", zhFails, "调大 max_replication_slots 并重启，或删除无人使用的复制槽"},
	"S-SENDERS-FREE":     {"复制连接均已占用。", zhFails, "调大 max_wal_senders 并重启，或结束无人使用的复制"},
	"S-REPL-PRIV":        {"账号没有复制权限。", zhFails, "ALTER ROLE … REPLICATION"},
	"S-READ-PRIV":        {"账号无权读取选定的表。", zhFails, "授予 SELECT，以及模式的 USAGE"},
	"S-PUBLICATION":      {"账号无权创建发布，或已有同名发布而不包含作业所需的全部内容。", zhFails, "将账号设为表的所有者，或由所有者按 SQL 创建或修改发布"},
	"S-LONG-TXN":         {"有事务已长时间写入，启动须等待它；或账号看不到他人的事务。", zhWarns, "等待其结束，或终止其会话；授予 pg_read_all_stats"},
	"S-PREPARED-TXN":     {"有未完成的两阶段事务，启动须等待它。", zhWarns, "COMMIT PREPARED 或 ROLLBACK PREPARED"},
	"S-SLOT-WAL-LIMIT":   {"源库限制复制槽可保留的 WAL：捕获中断更久会丢失它（停止码 wal-lost）。", zhWarns, "调大 max_slot_wal_keep_size，或取消 idle_replication_slot_timeout"},
	"S-FAILOVER":         {"源库有备库，切换到备库会丢失复制槽（停止码 slot-missing）。", zhWarns, "计划性切换：先等待作业同步完毕，或用服务器自身的方式保留复制槽"},
	"S-HEARTBEAT":        {"账号无权写心跳表：仅读取源库时钟，源库无法写入时不会体现为延迟。", zhNotices, "无需处理；其所有者可按 SQL 创建该表并授权"},
	"S-EVENT-TRIGGER":    {"账号无权创建事件触发器：DDL 只能事后通过比较系统目录发现，约每秒一次。两次比较之间创建又删除的对象不会被发现：目标库从不会有它。在数据变更之间改变结构的表会重新加载。", zhWarns, "以超级用户（PolarDB：高权限账号）运行捕获，或设置 ddl: off"},
	"S-SETTINGS":         {"有参数妨碍：编码 SQL_ASCII（失败）、default_transaction_read_only，或捕获被当作同步备库。", zhWarns, "按 SQL 处理"},
	"T-CONN":             {"目标库无响应、拒绝账号、没有该数据库，或无法证明其身份。", zhFails + "；连接未经校验时为警告", "检查主机、端口、数据库、账号和密码；TLS 请设置 tls.mode verify-full 和 tls.ca"},
	"T-OWNER":            {"账号无权在目标库创建模式，或无权写已有的表。", zhFails, "将其设为数据库所有者，或授予消息所示权限"},
	"T-VERSION":          {"目标库低于 PostgreSQL 11。", zhFails, "升级目标库"},
	"T-ENCODING":         {"目标库的编码无法容纳源库的全部文本。", zhWarns, "以源库的编码或 UTF8 创建目标数据库"},
	"T-SPACE":            {"目标库磁盘剩余空间小于选定的表在源库的占用。", zhWarns, "腾出空间"},
	"T-REPLICA-ROLE":     {"账号无权设置 session_replication_role：触发器逐个停用，外键到割接时才创建。", zhWarns, "授予 SET ON PARAMETER session_replication_role（15 及更高版本），或使用超级用户"},
	"T-CONTROL-SCHEMA":   {"账号无权创建模式 floe，目标库须在其中保存位点。", zhWarns, "按 SQL 执行 CREATE SCHEMA floe AUTHORIZATION …"},
	"O-SELECTION-EMPTY":  {"没有选中任何对象，或选定的名称没有匹配。", zhFails, "更正 objects.include"},
	"O-KEY":              {"表没有可区分行的标识：将设为 REPLICA IDENTITY FULL，或无法设置。", zhWarns + "；账号无权设置时为失败", "为其添加主键"},
	"O-REPLICA-IDENTITY": {"表的复制标识为 NOTHING，或将以唯一索引作为复制标识。", zhWarns, "为其添加主键，或设置其他 REPLICA IDENTITY"},
	"O-UNLOGGED":         {"无日志表（UNLOGGED）的变更不会同步。", zhWarns, "SET LOGGED，或不选择它们"},
	"O-TYPES":            {"列的类型在目标库不存在且 floe 无法创建。", zhWarns, "在目标库安装提供这些类型的软件，或排除这些表"},
	"O-TARGET-EXISTS":    {"目标库已有同名的表。", "on_existing: block 时为失败", "将其改名、映射名称，或设置 on_existing: proceed"},
	"O-TARGET-SHAPE":     {"目标库的表与源库不同。", zhWarns + "；源库中不同的键在目标库可能相同时为失败", "修改它们，或将其改名并由 floe 自行创建"},
	"O-MAPPING-CLASH":    {"映射使多张表在目标库同名。", zhFails, "在 objects.mapping 中为每张表指定各自的名称"},
	"O-NAME-CASE":        {"目标库不区分名称的大小写。", zhWarns, "映射其中一个名称"},
	"O-TRIGGER":          {"目标库自己的触发器对同步会话也会触发。", zhWarns, "作业运行期间停用它们"},
	"O-FK-OUTSIDE":       {"外键指向未选的表；这些外键会略过。", zhWarns, "同时选择这些表"},
	"O-DEPENDENCY":       {"选定的对象依赖未选的对象，或依赖的对象改了名。", zhWarns, "同时选择它们，或手工创建这些视图"},
	"O-KIND-UNSUPPORTED": {"有不同步的对象类型，或目标库没有的对象类型。", zhWarns, "不选择它们，或在目标库以其他对象代替"},
	"O-SEQUENCE":         {"按采样跟进的序列数。", zhNotices, "割接之前无需处理"},
	"O-LARGE-OBJECT":     {"大对象不在任何复制流中。", zhWarns, "将其内容存入 bytea 列，或手工复制"},
	"O-ROW-WIDTH":        {"行宽超过一条消息，会分多条发送。", zhNotices, "无需处理；日志的其他读者须自行拼接"},
	"O-ROW-SECURITY":     {"行级安全对账号隐藏选定表的行。", zhWarns, "ALTER ROLE … BYPASSRLS"},
	"O-COLLATION":        {"目标库的文本排序不同，或缺少排序规则。", zhWarns, "以源库的 LC_COLLATE 创建目标数据库，或安装相应区域设置"},
	"O-EXTENSION":        {"目标库服务器缺少扩展，或其账号无权创建。", zhWarns, "安装扩展，或由超级用户创建"},
	"O-ROLE":             {"目标库缺少拥有源库对象或被授权的角色，或其账号没有这些角色的权限。", zhWarns, "创建这些角色并授予目标库账号；否则其对象归 floe 的角色所有，对它们的授权仅作报告"},
	"O-FILTER":           {"源库不接受行过滤条件，或条件需要表不发送的旧值；或列清单含有不存在的列，或漏掉了必需的列。", zhFails + "；表将设为 REPLICA IDENTITY FULL，或索引和约束随列略去时为警告", "条件只用该表自身的列和 IMMUTABLE 函数；保留 objects.identity: auto；列出主键列，以及分区、过滤和生成列所依据的列"},
	"B-CONN":             {"Kafka 无响应或拒绝账号。", zhFails, "检查 broker 地址、TLS 和 SASL"},
	"B-TOPIC-PRIV":       {"账号无权创建、读取或写入作业的主题。", zhFails, "授予消息所示的 ACL"},
	"B-MAX-MESSAGE":      {"broker 拒绝 floe 发送的批次大小，或无法读取其参数。", zhWarns, "调大 message.max.bytes"},
	"B-RETENTION":        {"主题会在中断的应用服务读取之前丢失消息。", zhWarns, "延长保留时间"},
	"B-DURABILITY":       {"丢失一个 broker 或发生 unclean 选举会丢失已确认的消息。", zhWarns, "将副本数设为 3，min.insync.replicas 设为 2"},
	"B-EMBEDDED":         {"日志是内嵌 broker，仅供试用。", zhNotices, "生产环境请使用 Apache Kafka"},
	"R-CONN":             {"模式注册中心无响应；捕获在写入行之前会等待它。", zhWarns, "检查 registry.url 及其账号"},
	"H-CLOCK":            {"本机时钟与服务器时钟不一致。", zhWarns, "用 NTP 校准两边的时钟"},
	"H-LOAD":             {"本机繁忙。", zhNotices, "如持续，请使用更大的机器"},
	"H-LIMITS":           {"此处进程可打开的文件数或可用内存过少。", zhWarns, "调大限制"},
}
