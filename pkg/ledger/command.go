package ledger

// Command is a record of <job>.floe.control: what an operator wants of a running job. The topic keeps
// all of them; what the job is, is its file and the commands behind it, in their order.
type Command struct {
	ID   string
	At   int64  // microseconds since the Unix epoch, on the sender's clock; for people
	By   string // who sent it, for the audit
	Verb string
	Args []string
}

// Arg is an argument, empty if it is not there.
func (c *Command) Arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return ""
}

// The verbs. What their arguments mean is pkg/control's.
const (
	VerbAdd      = "add"      // the tables join the job and are loaded
	VerbRemove   = "remove"   // the tables leave the job; the target's copies stay as they are
	VerbStart    = "start"    // a new job begins, a stopped or paused one goes on
	VerbPause    = "pause"    // between two transactions
	VerbResume   = "resume"   // what was paused goes on
	VerbStop     = "stop"     // like pause, and only start ends it
	VerbRetry    = "retry"    // what the target refused is tried again
	VerbSkip     = "skip"     // what the target refuses at one place is left out
	VerbResync   = "resync"   // the tables' rows are read again and replace the target's
	VerbReplay   = "replay"   // what the log says of tables is written again
	VerbSet      = "set"      // bounds of the job are others from now on
	VerbFinish   = "finish"   // the target has taken over: the job is over for good
	VerbDescribe = "describe" // a service says by which file it runs
	VerbDelete   = "delete"   // each service removes what the job has on its side
	VerbAsk      = "ask"      // what the services see of their databases; changes nothing
)
