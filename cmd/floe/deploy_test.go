package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"floe/pkg/access"
	"floe/pkg/job"
	"floe/pkg/status"
)

// deployed reads a file of deploy/.
func deployed(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "deploy", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// composed are the parts of deploy/compose/compose.yaml that are judged.
type composed struct {
	Services map[string]struct {
		Image, User string
		Command     any
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		SecurityOpt []string `yaml:"security_opt"`
		Ports       []string
		Secrets     []string
		Environment map[string]string
		Configs     []struct{ Source string }
	}
	Secrets, Configs map[string]struct{ File string }
}

func compose(t *testing.T) (c composed) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(deployed(t, "compose/compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) < 8 {
		t.Fatalf("%d services", len(c.Services))
	}
	return c
}

// object is a manifest for Kubernetes.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Template struct {
			Spec struct {
				AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
				SecurityContext              struct {
					RunAsNonRoot bool `yaml:"runAsNonRoot"`
					RunAsUser    int  `yaml:"runAsUser"`
				} `yaml:"securityContext"`
				Containers []struct {
					Args          []string
					LivenessProbe map[string]any `yaml:"livenessProbe"`
					Resources     struct{ Limits map[string]string }
					Context       struct {
						Escalates    *bool `yaml:"allowPrivilegeEscalation"`
						ReadOnly     bool  `yaml:"readOnlyRootFilesystem"`
						Capabilities struct{ Drop []string }
					} `yaml:"securityContext"`
				}
			}
		}
	}
}

func manifests(t *testing.T) (out []object) {
	t.Helper()
	for text := range strings.SplitSeq(deployed(t, "kubernetes/floe.yaml"), "\n---\n") {
		var o object
		if err := yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&o); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

var ours = []string{"capture", "applier", "console"}

func unit(t *testing.T, name string) string { return deployed(t, "systemd/floe-"+name+"@.service") }

// commandLines are all command lines of floe in deploy/.
func commandLines(t *testing.T) (out [][]string) {
	t.Helper()
	c := compose(t)
	for _, name := range ours {
		var args []string
		for _, a := range c.Services[name].Command.([]any) {
			args = append(args, fmt.Sprint(a))
		}
		out = append(out, args)
		for line := range strings.Lines(unit(t, name)) {
			if text, ok := strings.CutPrefix(line, "ExecStart=/usr/bin/floe "); ok {
				out = append(out, strings.Fields(text))
			}
		}
	}
	for _, o := range manifests(t) {
		for _, x := range o.Spec.Template.Spec.Containers {
			out = append(out, x.Args)
		}
	}
	return out
}

// Every command line that deploy/ has is one that floe takes.
func TestDeployedCommandsAreTaken(t *testing.T) {
	t.Parallel()
	all := commandLines(t)
	if len(all) != 9 {
		t.Errorf("%d command lines", len(all))
	}
	for _, args := range all {
		if code, out, errOut := floe(t, append(slices.Clone(args), "--help")...); code != codeOK || !strings.Contains(out, "floe "+args[0]) {
			t.Errorf("%v: %d %s", args, code, errOut)
		}
		open := slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "0.0.0.0:") })
		if open && !slices.Contains(args, "--token-file") {
			t.Errorf("%v serves other machines without a token", args)
		}
	}
	if code, _, _ := floe(t, "capture", "--no-such-flag", "--help"); code == codeOK {
		t.Error("a flag that there is not is taken")
	}
}

// The job files among them are valid, and hold no password.
func TestDeployedJobsAreValid(t *testing.T) {
	t.Parallel()
	texts := []string{deployed(t, "compose/job.yaml")}
	for _, o := range manifests(t) {
		if text := o.Data["job.yaml"]; text != "" {
			texts = append(texts, text)
		}
	}
	if len(texts) != 2 {
		t.Fatalf("%d job files", len(texts))
	}
	for _, text := range texts {
		path := filepath.Join(t.TempDir(), "job.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := job.Load(path)
		if err != nil || len(j.Exposed()) > 0 {
			t.Errorf("%v, %v in\n%s", err, j, text)
		}
		if n := strings.Count(text, "${file:/run/secrets/"); n != 2 {
			t.Errorf("%d passwords are references in\n%s", n, text)
		}
	}
}

// What runs in containers may do nothing but its work, and no secret is written down.
func TestContainersAreConfined(t *testing.T) {
	t.Parallel()
	c := compose(t)
	pinned := regexp.MustCompile(`:v?[0-9]+(\.[0-9]+)+$|^floe:local$`)
	for name, s := range c.Services {
		if !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %s", name, s.Image)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s is published at %s", name, p)
			}
		}
		for k := range s.Environment {
			if strings.Contains(k, "PASSWORD") && !strings.HasSuffix(k, "_FILE") {
				t.Errorf("%s has a password in %s", name, k)
			}
		}
		for _, x := range s.Secrets {
			if c.Secrets[x].File == "" {
				t.Errorf("%s: there is no secret %s", name, x)
			}
		}
		if slices.Contains(ours, name) && (s.User != "65532:65532" || !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || len(s.Configs) != 1) {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if c.Configs["job"].File != "./job.yaml" || slices.Contains(c.Services["capture"].Secrets, "target") || slices.Contains(c.Services["applier"].Secrets, "source") {
		t.Error("a service has the other side's secret")
	}
	n := 0
	for _, o := range manifests(t) {
		p := o.Spec.Template.Spec
		for _, x := range p.Containers {
			n++
			if !p.SecurityContext.RunAsNonRoot || p.SecurityContext.RunAsUser == 0 || p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken || x.Context.Escalates == nil || *x.Context.Escalates ||
				!x.Context.ReadOnly || !slices.Contains(x.Context.Capabilities.Drop, "ALL") || x.Resources.Limits["memory"] == "" || x.LivenessProbe == nil {
				t.Errorf("%s: %+v", o.Metadata.Name, p)
			}
		}
	}
	if n != 3 {
		t.Errorf("%d containers", n)
	}
}

// The image has the binary, certificates, and a user without rights.
func TestTheImageIsBare(t *testing.T) {
	t.Parallel()
	stages := strings.Split(deployed(t, "Dockerfile"), "\nFROM ")
	last := stages[len(stages)-1]
	if !strings.HasPrefix(last, "scratch\n") || !regexp.MustCompile(`(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`).MatchString(last) || !strings.Contains(last, `ENTRYPOINT ["/floe"]`) || !strings.Contains(last, `CMD ["/floe", "health"]`) || strings.Contains(last, "RUN ") {
		t.Errorf("the last stage is\n%s", last)
	}
	if !strings.Contains(deployed(t, "Dockerfile"), "FROM golang:1.26-") || strings.Contains(deployed(t, "Dockerfile"), "ADD ") || !strings.Contains(deployed(t, "Dockerfile"), "CGO_ENABLED=0") {
		t.Error("it is built otherwise than make build does")
	}
}

// systemd's services run as nobody in particular, without rights, and get their secret from systemd.
func TestUnitsAreConfined(t *testing.T) {
	t.Parallel()
	for _, name := range ours {
		text := unit(t, name)
		for _, want := range []string{"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "CapabilityBoundingSet=\n", "PrivateTmp=yes", "MemoryDenyWriteExecute=yes", "LimitCORE=0",
			"SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM", "Restart=always", fmt.Sprintf("RestartPreventExitStatus=%d", codeUsage), "WantedBy=multi-user.target"} {
			if !strings.Contains(text, want) {
				t.Errorf("floe-%s@.service lacks %s", name, want)
			}
		}
		secret := map[string]string{"capture": "source", "applier": "target"}[name]
		if secret != "" != strings.Contains(text, "\nLoadCredential="+secret+":") || strings.Contains(text, "Environment=") {
			t.Errorf("floe-%s@.service: its secret is %s\n%s", name, secret, text)
		}
	}
}

// systemd's own reader takes the units, and finds little that they could do to the machine.
func TestSystemdTakesItsUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	dir := t.TempDir()
	analyze := func(args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
		return string(out), err
	}
	keep := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, name := range ours {
		path := keep("floe-"+name+"@orders.service", strings.Replace(unit(t, name), "/usr/bin/floe", "/bin/true", 1)) // what runs must be there
		if out, err := analyze("verify", "--man=no", path); err != nil || out != "" {
			t.Errorf("%s: %v %s", name, err, out)
		}
		if out, err := analyze("security", "--offline=yes", "--threshold=15", path); err != nil { // 1.5 of 10
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
	if out, _ := analyze("verify", "--man=no", keep("bad.service", "[Service]\nExecStart=/bin/true\nNoNewPriviliges=yes\n")); !strings.Contains(out, "NoNewPriviliges") {
		t.Errorf("a setting that there is not is taken: %s", out)
	}
}

// kubernetes decodes a manifest as the API server does with strict validation of fields.
func kubernetes(text string) (any, error) {
	codecs := serializer.NewCodecFactory(clientscheme(), serializer.EnableStrict)
	o, _, err := codecs.UniversalDeserializer().Decode([]byte(text), nil, nil)
	return o, err
}

func clientscheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}

// Kubernetes' own types take the manifests, a field that there is not is refused, and what a container
// mounts, probes and is selected by is there.
func TestKubernetesTakesItsManifests(t *testing.T) {
	t.Parallel()
	n := 0
	for text := range strings.SplitSeq(deployed(t, "kubernetes/floe.yaml"), "\n---\n") {
		o, err := kubernetes(text)
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		n++
		d, ok := o.(*appsv1.Deployment)
		if !ok {
			continue
		}
		for k, v := range d.Spec.Selector.MatchLabels {
			if d.Spec.Template.Labels[k] != v {
				t.Errorf("%s does not select its own pods by %s", d.Name, k)
			}
		}
		volumes := map[string]bool{}
		for _, v := range d.Spec.Template.Spec.Volumes {
			volumes[v.Name] = true
		}
		for _, c := range d.Spec.Template.Spec.Containers {
			ports := map[string]bool{}
			for _, p := range c.Ports {
				ports[p.Name] = true
			}
			if !ports[c.LivenessProbe.HTTPGet.Port.StrVal] || !ports[c.ReadinessProbe.HTTPGet.Port.StrVal] {
				t.Errorf("%s is asked at a port that it has not", d.Name)
			}
			for _, m := range c.VolumeMounts {
				if !volumes[m.Name] {
					t.Errorf("%s mounts %s, which there is not", d.Name, m.Name)
				}
			}
		}
	}
	if n != 6 {
		t.Errorf("%d manifests", n)
	}
	if _, err := kubernetes("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {sellector: {a: b}}\n"); err == nil {
		t.Error("a field that there is not is taken")
	}
}

// made are the metrics that floe registers, by the names in its code.
func made(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	literal := regexp.MustCompile(`"(floe_[a-z_]+)"`)
	for _, path := range []string{"../../capture/metrics.go", "../../applier/metrics.go", "../../pkg/console/metrics.go", "../../pkg/status/metrics.go", "brokermetrics.go"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
			out[m[1]] = true
		}
	}
	if len(out) < 20 {
		t.Fatalf("%d metrics are made", len(out))
	}
	return out
}

// A dashboard or an alert about a metric that there is not would be silent for ever.
func TestMetricsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	have := made(t)
	for n, path := range named(t) {
		if !have[n] {
			t.Errorf("%s: there is no metric %s", path, n)
		}
	}
}

// named are the metrics that the dashboard and the alerts are about, and which of them is.
func named(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, path := range []string{"grafana/floe.json", "prometheus/alerts.yml"} {
		names := regexp.MustCompile(`\bfloe_[a-z_]+`).FindAllString(deployed(t, path), -1)
		if len(names) < 8 {
			t.Errorf("%s names %d metrics", path, len(names))
		}
		for _, n := range names {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} { // of a histogram
				n = strings.TrimSuffix(n, suffix)
			}
			out[n] = path
		}
	}
	return out
}

// measured asks a running job for its metrics: they are well formed, and those that are named are among them.
func measured(t *testing.T, console string) {
	t.Helper()
	code, text := asked(t, console+"/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if code != http.StatusOK || err != nil || len(problems) > 0 {
		t.Errorf("%d, %v: %v", code, err, problems)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	have, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := named(t)
	for _, n := range []string{"floe_kafka_connects_total", "floe_kafka_produce_records_total", "floe_kafka_fetch_records_total", "floe_broker_log_bytes", "floe_stage", "floe_verify_rows_total", "go_goroutines", "process_open_fds"} {
		want[n] = "ux"
	}
	for n, path := range want {
		if have[n] == nil && n != "floe_slot_limit_bytes" && n != "floe_ddl_total" { // there is no limit, and no structure was changed
			t.Errorf("%s: a running job has no metric %s", path, n)
		}
	}
	if len(text) > 200<<10 {
		t.Errorf("%d bytes of metrics", len(text))
	}
}

// A service's routes are answered to whom their rules name; what keeps it from its part is told where
// everybody on the machine may know.
func TestServicesAnswerWhomTheyMay(t *testing.T) {
	t.Parallel()
	token, viewer := strings.Repeat("o", 24), strings.Repeat("v", 24)
	asks := access.Config{OperatorFile: file(t, "operator", token), ViewerFile: file(t, "viewer", viewer)}
	for _, c := range []struct {
		gate        access.Config
		path, token string
		want        int
		text        string
	}{
		{asks, "/healthz", "", 200, "ok\n"}, {asks, "/readyz", "", 503, "FAILED\n"}, {asks, "/metrics", "", 401, ""}, {asks, "/metrics", viewer, 200, "some_total"}, {asks, "/metrics", "wrong", 401, ""},
		{asks, "/debug/pprof/", token, 404, ""}, {access.Config{}, "/readyz", "", 503, "FAILED slot-missing it is gone\n"}, {access.Config{}, "/metrics", "", 200, "some_total"}, {access.Config{}, "/", "", 404, ""},
	} {
		gate, err := access.New(c.gate)
		if err != nil {
			t.Fatal(err)
		}
		reg, s := prometheus.NewRegistry(), &service{}
		reg.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "some_total"}))
		s.health.Take(&status.Report{State: "FAILED", Reason: "slot-missing", Detail: "it is gone"}, false)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1"+c.path, nil)
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		mux := http.NewServeMux()
		routes(mux, gate, reg, s.health.Says)
		gate.Guard(mux).ServeHTTP(w, r)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.text) || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s with %q: %d %s", c.path, c.token, w.Code, w.Body)
		}
	}
}

// The package for Debian holds a floe that runs, its services, manual and completions, and is the same
// each time.
func TestThePackageForDebian(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("there is no dpkg-deb here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sh := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), "COMPRESS=none", "SOURCE_DATE_EPOCH=1000000000")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	var sums []string
	for _, name := range []string{"a.deb", "b.deb"} {
		sh("../../deploy/debian/build.sh", self, "1.2.3", "amd64", filepath.Join(dir, name))
		sums = append(sums, strings.Fields(sh("sha256sum", filepath.Join(dir, name)))[0])
	}
	if sums[0] != sums[1] {
		t.Error("two packages of one binary differ")
	}
	if got := sh("dpkg-deb", "-f", filepath.Join(dir, "a.deb"), "Package", "Version", "Architecture"); got != "Package: floe\nVersion: 1.2.3\nArchitecture: amd64\n" {
		t.Errorf("it says %s", got)
	}
	list := sh("dpkg-deb", "-c", filepath.Join(dir, "a.deb"))
	for _, want := range []string{"-rwxr-xr-x root/root", " ./usr/bin/floe\n", "./usr/lib/systemd/system/floe-capture@.service\n", "./usr/share/man/man1/floe-capture.1", "completions/floe\n", "./usr/share/doc/floe/operations.md\n", "drwxr-x--- root/root"} {
		if !strings.Contains(list, want) {
			t.Errorf("there is no %q in\n%s", want, list)
		}
	}
	// Installed and removed by dpkg itself, into a root of its own.
	root := filepath.Join(dir, "root")
	for _, d := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg", f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dpkg := func(args ...string) string {
		t.Helper()
		return sh("dpkg", append([]string{"--root=" + root, "--force-not-root", "--force-bad-path", "--force-script-chrootless", "--log=/dev/null"}, args...)...)
	}
	if os.Getuid() != 0 { // dpkg gives what it installs to root
		return
	}
	dpkg("-i", filepath.Join(dir, "a.deb"))
	if got := dpkg("-s", "floe"); !strings.Contains(got, "Status: install ok installed") {
		t.Errorf("dpkg says %s", got)
	}
	if got := dpkg("--verify", "floe"); got != "" {
		t.Errorf("what is installed is not what was packed: %s", got)
	}
	if got := sh(filepath.Join(root, "usr/bin/floe"), "version"); !strings.HasPrefix(got, "floe ") {
		t.Errorf("the installed floe says %s", got)
	}
	// An upgrade and a removal leave what the operator put beside it, also when nothing is to stay.
	kept := filepath.Join(root, "etc/floe/orders.yaml")
	if err := os.WriteFile(kept, []byte("name: orders\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh("../../deploy/debian/build.sh", self, "1.2.4", "amd64", filepath.Join(dir, "c.deb"))
	dpkg("-i", filepath.Join(dir, "c.deb"))
	if got := dpkg("-s", "floe"); !strings.Contains(got, "Status: install ok installed") || !strings.Contains(got, "Version: 1.2.4\n") {
		t.Errorf("after an upgrade dpkg says %s", got)
	}
	for _, how := range []string{"-r", "-P"} {
		dpkg(how, "floe")
		if _, err := os.Stat(filepath.Join(root, "usr/bin/floe")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: it is still there: %v", how, err)
		}
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("%s takes the job file: %v", how, err)
		}
	}
}

// Compose's own reader takes the files, and all services of ours say how they are.
func TestComposeTakesItsFiles(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../deploy/compose/compose.yaml", "../../compose.yaml"} {
		o, err := cli.NewProjectOptions([]string{path}, cli.WithProfiles([]string{"obs"}), cli.WithName("floe"), cli.WithConsistency(true))
		if err != nil {
			t.Fatal(err)
		}
		p, err := o.LoadProject(t.Context())
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if len(p.Services) < 3 {
			t.Errorf("%s: %d services", path, len(p.Services))
		}
		for _, name := range ours {
			if s, ok := p.Services[name]; ok && (s.HealthCheck == nil || !slices.Equal(s.HealthCheck.Test, []string{"CMD", "/floe", "health"})) {
				t.Errorf("%s: %s is asked for its health by %+v", path, name, s.HealthCheck)
			}
		}
	}
	bad := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(bad, []byte("services: {a: {image: x, comand: [y]}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := cli.NewProjectOptions([]string{bad}, cli.WithName("floe"))
	if err == nil {
		_, err = o.LoadProject(t.Context())
	}
	if err == nil {
		t.Error("a field that there is not is taken")
	}
}

// An image without a shell asks the binary whether its service answers.
func TestHealthIsAsked(t *testing.T) {
	t.Parallel()
	code := http.StatusOK
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer secure.Close()
	for _, c := range []struct {
		urls []string
		want int
	}{{[]string{plain.URL}, codeOK}, {[]string{secure.URL + "/healthz"}, codeOK}, {[]string{"http://127.0.0.1:1/", plain.URL}, codeOK}, {[]string{"http://127.0.0.1:1/"}, codeUnreachable}, {[]string{"127.0.0.1:1"}, codeUnreachable}} {
		if got, _, errOut := floe(t, append([]string{"health"}, c.urls...)...); got != c.want {
			t.Errorf("%v: %d %s", c.urls, got, errOut)
		}
	}
	code = http.StatusServiceUnavailable
	if got, _, errOut := floe(t, "health", plain.URL+"/readyz"); got != codeUnreachable || !strings.Contains(errOut, "503") {
		t.Errorf("%d %s", got, errOut)
	}
}
