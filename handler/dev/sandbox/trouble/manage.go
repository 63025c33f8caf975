package trouble

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// Manage serves the management of the desk as JSON. Durations are in milliseconds.
//
//	GET    /trouble/rules       all rules, with how many calls each has struck
//	POST   /trouble/rules       {"service","method","path","skip","times","action","status","code","message",
//	                            "retryAfterMs","headers","delayMs","bytes"} adds a rule; answers its id
//	DELETE /trouble/rules       removes all
//	GET    /trouble/unkindness  the trouble that comes by itself
//	PUT    /trouble/unkindness  {"throttle","break","lose","delayMs","services"} changes the members given;
//	                            {"kind":true} clears all
//	GET    /history             calls; ?service=&method=&path=regexp&tenant=&user=&status=&trouble=&after=number
//	GET    /history/count       {"count":n} of the calls that the same filters select
//	DELETE /history             forgets all
func (d *Desk) Manage() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /trouble/rules", func(w http.ResponseWriter, _ *http.Request) {
		all := []ruleJSON{}
		for _, r := range d.Rules() {
			all = append(all, spellRule(r))
		}
		show(w, http.StatusOK, all)
	})
	mux.HandleFunc("POST /trouble/rules", d.postRule)
	mux.HandleFunc("DELETE /trouble/rules", func(w http.ResponseWriter, _ *http.Request) {
		d.Clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /trouble/unkindness", func(w http.ResponseWriter, _ *http.Request) {
		show(w, http.StatusOK, spell(d.Unkindness()))
	})
	mux.HandleFunc("PUT /trouble/unkindness", d.putUnkindness)
	mux.HandleFunc("GET /history", func(w http.ResponseWriter, r *http.Request) {
		if f, ok := filter(w, r); ok {
			show(w, http.StatusOK, d.History(f))
		}
	})
	mux.HandleFunc("GET /history/count", func(w http.ResponseWriter, r *http.Request) {
		if f, ok := filter(w, r); ok {
			show(w, http.StatusOK, map[string]int{"count": len(d.History(f))})
		}
	})
	mux.HandleFunc("DELETE /history", func(w http.ResponseWriter, _ *http.Request) {
		d.Forget()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func (d *Desk) postRule(w http.ResponseWriter, r *http.Request) {
	var body ruleJSON
	if !read(w, r, &body) {
		return
	}
	id, err := d.Add(body.rule())
	if err != nil {
		show(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	show(w, http.StatusCreated, map[string]int{"id": id})
}

func (d *Desk) putUnkindness(w http.ResponseWriter, r *http.Request) {
	body := spell(d.Unkindness())
	body.Kind = false
	if !read(w, r, &body) {
		return
	}
	u := Unkindness{
		Throttle: body.Throttle,
		Break:    body.Break,
		Fail:     body.Fail,
		Lose:     body.Lose,
		Delay:    time.Duration(body.Delay) * time.Millisecond,
		Slow:     body.Slow,
		Services: body.Services,
	}
	if body.Kind {
		u = Unkindness{}
	}
	d.Set(u)
	show(w, http.StatusOK, spell(u))
}

// ruleJSON is a Rule on the wire.
type ruleJSON struct {
	ID         int               `json:"id,omitempty"`
	Service    string            `json:"service,omitempty"`
	Method     string            `json:"method,omitempty"`
	Path       string            `json:"path,omitempty"`
	Skip       int               `json:"skip,omitempty"`
	Times      int               `json:"times,omitempty"`
	Action     Action            `json:"action"`
	Status     int               `json:"status,omitempty"`
	Code       string            `json:"code,omitempty"`
	Message    string            `json:"message,omitempty"`
	RetryAfter int64             `json:"retryAfterMs,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	Delay      int64             `json:"delayMs,omitempty"`
	Bytes      int64             `json:"bytes,omitempty"`
	Struck     int               `json:"struck"`
}

func (j ruleJSON) rule() Rule {
	header := http.Header{}
	for name, value := range j.Headers {
		header.Set(name, value)
	}
	return Rule{
		Service:    j.Service,
		Method:     j.Method,
		Path:       j.Path,
		Skip:       j.Skip,
		Times:      j.Times,
		Action:     j.Action,
		Status:     j.Status,
		Code:       j.Code,
		Message:    j.Message,
		RetryAfter: time.Duration(j.RetryAfter) * time.Millisecond,
		Header:     header,
		Delay:      time.Duration(j.Delay) * time.Millisecond,
		Bytes:      j.Bytes,
	}
}

func spellRule(r Rule) ruleJSON {
	headers := map[string]string{}
	for name := range r.Header {
		headers[name] = r.Header.Get(name)
	}
	return ruleJSON{
		ID:         r.ID,
		Service:    r.Service,
		Method:     r.Method,
		Path:       r.Path,
		Skip:       r.Skip,
		Times:      r.Times,
		Action:     r.Action,
		Status:     r.Status,
		Code:       r.Code,
		Message:    r.Message,
		RetryAfter: r.RetryAfter.Milliseconds(),
		Headers:    headers,
		Delay:      r.Delay.Milliseconds(),
		Bytes:      r.Bytes,
		Struck:     r.Struck,
	}
}

// unkindnessJSON is Unkindness on the wire.
type unkindnessJSON struct {
	Kind     bool     `json:"kind"` // on input: everything else is cleared
	Throttle float64  `json:"throttle"`
	Break    float64  `json:"break"`
	Fail     float64  `json:"fail"`
	Lose     float64  `json:"lose"`
	Delay    int64    `json:"delayMs"`
	Slow     float64  `json:"slow"`
	Services []string `json:"services,omitempty"`
}

func spell(u Unkindness) unkindnessJSON {
	kind := u.Throttle == 0 && u.Break == 0 && u.Fail == 0 && u.Lose == 0 && u.Delay == 0
	return unkindnessJSON{kind, u.Throttle, u.Break, u.Fail, u.Lose, u.Delay.Milliseconds(), u.Slow, u.Services}
}

// filter reads the filters of a request; on a fault it answers 400 and returns false.
func filter(w http.ResponseWriter, r *http.Request) (Filter, bool) {
	q := r.URL.Query()
	f := Filter{
		Service: q.Get("service"),
		Method:  q.Get("method"),
		Tenant:  q.Get("tenant"),
		User:    q.Get("user"),
		Trouble: q.Get("trouble"),
	}
	err := numbers(q, map[string]*int{"status": &f.Status, "after": &f.After})
	if err == nil && q.Get("path") != "" {
		f.Path, err = regexp.Compile(q.Get("path"))
	}
	if err != nil {
		show(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return Filter{}, false
	}
	return f, true
}

func numbers(q url.Values, into map[string]*int) (err error) {
	for name, n := range into {
		if text := q.Get(name); text != "" && err == nil {
			*n, err = strconv.Atoi(text)
		}
	}
	return err
}

// read reads a JSON body; on a fault it answers 400 and returns false.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		show(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return false
	}
	return true
}

func show(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
