package job

import (
	"regexp"
	"strings"
)

// Bare is a connection string without its password, and whether it had one.
func Bare(text string) (bare string, had bool) {
	if !isURL(text) {
		bare = strings.TrimSpace(keywordPassword.ReplaceAllString(text, ""))
		return bare, bare != strings.TrimSpace(text)
	}
	scheme, rest, _ := strings.Cut(text, "://")
	// A password may hold the signs that end the authority: the last @ before the query counts.
	place, query, asked := strings.Cut(rest, "?")
	if at := strings.LastIndexByte(place, '@'); at >= 0 {
		user, _, has := strings.Cut(place[:at], ":")
		place, had = user+place[at:], has
	}
	bare = scheme + "://" + place
	var kept []string
	for p := range strings.SplitSeq(query, "&") {
		switch name, _, _ := strings.Cut(p, "="); name {
		case "password", "sslpassword":
			had = true
		default:
			kept = append(kept, p)
		}
	}
	if asked && len(kept) > 0 {
		bare += "?" + strings.Join(kept, "&")
	}
	return bare, had
}

// keywordPassword is a password in a keyword/value connection string, with the space before it.
var keywordPassword = regexp.MustCompile(`(?:^|\s)(?:ssl)?password\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s\\]|\\.)*)`)
