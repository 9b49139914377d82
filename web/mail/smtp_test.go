package mail

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"canot/internal/database"
)

// A server is a real SMTP server in this process.
type server struct {
	t     *testing.T
	addr  string
	roots *x509.CertPool

	mu       sync.Mutex
	got      []string // whole messages
	from, to []string
	users    []string
	tls      []bool
	answers  []error // what the next messages or recipients are answered; then all is taken
	atRcpt   bool    // answers are given to RCPT rather than to the end of DATA
}

type serverSettings struct{ starttls, wrapped, auth bool }

func serve(t *testing.T, s serverSettings) *server {
	t.Helper()
	srv := &server{t: t}
	cert, roots := certificate(t)
	srv.roots = roots
	backend := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		session := &session{srv: srv, conn: c}
		if s.auth {
			return &authSession{session}, nil
		}
		return session, nil
	}))
	backend.Domain = "mail.test"
	backend.AllowInsecureAuth = true
	backend.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	if s.starttls {
		backend.TLSConfig = config
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	srv.addr = listener.Addr().String()
	if s.wrapped {
		listener = tls.NewListener(listener, config)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = backend.Serve(listener) }()
	t.Cleanup(func() { _ = backend.Close(); <-done })
	return srv
}

// certificate is one for mail.test that signs itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, DNSNames: []string{"mail.test"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

type session struct {
	srv  *server
	conn *smtp.Conn
	user string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	s.srv.from = append(s.srv.from, from)
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	if s.srv.atRcpt {
		if err := s.srv.answer(); err != nil {
			return err
		}
	}
	s.srv.to = append(s.srv.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	s.srv.got = append(s.srv.got, string(raw))
	_, encrypted := s.conn.TLSConnectionState()
	s.srv.tls = append(s.srv.tls, encrypted)
	s.srv.users = append(s.srv.users, s.user)
	if s.srv.atRcpt {
		return nil
	}
	return s.srv.answer()
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// answer takes the next answer; the lock is held.
func (srv *server) answer() error {
	if len(srv.answers) == 0 {
		return nil
	}
	err := srv.answers[0]
	srv.answers = srv.answers[1:]
	return err
}

type authSession struct{ *session }

func (s *authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != "canot" || pass != "p@ss:w/rd" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no " + user + " here"}
		}
		s.user = user
		return nil
	}), nil
}

// client is a Sender for the server under a name: the loopback's, or that of another machine.
func (srv *server) client(scheme, user, name, options string) *SMTP {
	srv.t.Helper()
	_, port, err := net.SplitHostPort(srv.addr)
	must(srv.t, err)
	s, err := NewSMTP(scheme+"://"+user+name+":"+port+options, "Canot du Nord <canot@exemple.example>")
	must(srv.t, err)
	s.roots = srv.roots
	s.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, srv.addr)
	}
	return s
}

func letterTo(to string) Message {
	return Message{ID: "abc123", To: to, Subject: "Réservation acceptée", Text: "Bonjour Zoé,\n\n.un point\n", HTML: "<p>Bonjour Zoé</p>", ReplyTo: "bonjour@cuivre.example", At: now}
}

func TestMessagesArriveWhole(t *testing.T) {
	const credentials = "canot:p%40ss%3Aw%2Frd@"
	for name, c := range map[string]struct {
		server                      serverSettings
		scheme, user, host, options string
		encrypted                   bool
		as                          string
	}{
		"on this machine, in the clear":              {serverSettings{}, "smtp", "", "127.0.0.1", "", false, ""},
		"on this machine, STARTTLS offered":          {serverSettings{starttls: true}, "smtp", "", "localhost", "", true, ""},
		"on this machine, with a user, in the clear": {serverSettings{auth: true}, "smtp", credentials, "127.0.0.1", "", false, "canot"},
		"elsewhere, STARTTLS":                        {serverSettings{starttls: true}, "smtp", "", "mail.test", "", true, ""},
		"elsewhere, STARTTLS and a user":             {serverSettings{starttls: true, auth: true}, "smtp", credentials, "mail.test", "", true, "canot"},
		"elsewhere, TLS from the start":              {serverSettings{wrapped: true, auth: true}, "smtps", credentials, "mail.test", "", true, "canot"},
		"a private relay without TLS":                {serverSettings{}, "smtp", "", "mail.test", "?tls=optional", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, c.server)
			must(t, srv.client(c.scheme, c.user, c.host, c.options).Send(t.Context(), letterTo("zoe@exemple.example")))
			if len(srv.got) != 1 || srv.tls[0] != c.encrypted || srv.users[0] != c.as || srv.from[0] != "canot@exemple.example" || srv.to[0] != "zoe@exemple.example" {
				t.Fatalf("got %v, from %v to %v, encrypted %v, as %q", srv.got, srv.from, srv.to, srv.tls, srv.users)
			}
			checkWire(t, srv.got[0])
		})
	}
}

// checkWire reads a message as a mail program does.
func checkWire(t *testing.T, raw string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	must(t, err)
	for header, want := range map[string]string{
		"Message-Id": "<abc123@exemple.example>", "Auto-Submitted": "auto-generated", "From": `"Canot du Nord" <canot@exemple.example>`,
		"To": "<zoe@exemple.example>", "Reply-To": "<bonjour@cuivre.example>", "Date": "Sat, 21 Nov 2026 15:00:00 +0000", "List-Unsubscribe": "", "User-Agent": "", "X-Mailer": "",
	} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	parts := partsOf(t, m)
	if parts["text/plain"] != "Bonjour Zoé,\r\n\r\n.un point\r\n" || parts["text/html"] != "<p>Bonjour Zoé</p>" {
		t.Errorf("parts %q", parts)
	}
	if subject := decoded(t, m.Header.Get("Subject")); subject != "Réservation acceptée" {
		t.Errorf("subject %q", subject)
	}
}

func TestWhatCannotBeTrustedIsNotUsed(t *testing.T) {
	for name, c := range map[string]struct {
		server                serverSettings
		scheme, user, options string
		trusted               bool
	}{
		"no STARTTLS elsewhere":                    {serverSettings{}, "smtp", "", "", true},
		"a certificate that nobody vouches for":    {serverSettings{starttls: true}, "smtp", "", "", false},
		"such a certificate from the start":        {serverSettings{wrapped: true}, "smtps", "", "", false},
		"such a certificate where TLS is optional": {serverSettings{starttls: true}, "smtp", "", "?tls=optional", false},
		"a password in the clear":                  {serverSettings{auth: true}, "smtp", "canot:hush@", "?tls=optional", true},
		"a wrong password":                         {serverSettings{starttls: true, auth: true}, "smtp", "canot:hush@", "", true},
		"a server that takes no users":             {serverSettings{starttls: true}, "smtp", "canot:hush@", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, c.server)
			s := srv.client(c.scheme, c.user, "mail.test", c.options)
			if !c.trusted {
				s.roots = x509.NewCertPool()
			}
			err := s.Send(t.Context(), letterTo("zoe@exemple.example"))
			var refused *Refused
			if err == nil || len(srv.got) > 0 || errors.As(err, &refused) && refused.ForGood {
				t.Fatalf("sent %v, %v", srv.got, err)
			}
			for _, hush := range []string{"hush", "zoe@", "no canot here"} {
				if strings.Contains(err.Error(), hush) {
					t.Errorf("the error tells %q: %v", hush, err)
				}
			}
		})
	}
}

func TestAddressesOfServersAreReadStrictly(t *testing.T) {
	for _, address := range []string{"", "mail.test", "http://mail.test", "smtp://", "smtp://mail.test:0", "smtp://mail.test:99999", "smtp://h/path", "smtp://h?tls=never", "smtps://h?tls=optional", "smtp://u:hush@h?x=1", "smtp://u:hush@h:%zz"} {
		if _, err := NewSMTP(address, "canot@exemple.example"); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, from := range []string{"", "Canot", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example"} {
		if _, err := NewSMTP("smtp://mail.test", from); err == nil {
			t.Errorf("from %q is taken", from)
		}
	}
	for address, want := range map[string]string{"smtp://mail.test": "mail.test:587", "smtps://mail.test": "mail.test:465", "smtp://[::1]:25": "[::1]:25"} {
		s, err := NewSMTP(address, "Canot <canot@exemple.example>")
		must(t, err)
		if got := net.JoinHostPort(s.host, strconv.Itoa(s.port)); got != want {
			t.Errorf("%s goes to %s", address, got)
		}
	}
}

// post puts the bench's letters on the wire.
func (b *bench) post(srv *server) {
	b.Send = srv.client("smtp", "", "127.0.0.1", "")
}

func TestATemporaryRefusalIsTriedAgainUnderTheSameName(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		for name, c := range map[string]struct {
			atRcpt bool
			answer error
		}{
			"greylisted":     {true, &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "zoe@exemple.example later"}},
			"too busy":       {false, &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "later"}},
			"not allowed to": {true, &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "who are you? zoe@exemple.example"}},
		} {
			srv := serve(t, serverSettings{})
			srv.answers, srv.atRcpt = []error{c.answer, c.answer}, c.atRcpt
			b.post(srv)
			b.enqueue("mail", Job{What: "password_changed", ID: "mem-zoe"})
			for range 3 {
				if _, err := b.DB.RunDue(t.Context(), b.Handlers()); err != nil && strings.Contains(err.Error(), "zoe") {
					t.Errorf("the error names somebody: %v", err)
				}
				b.clock.Move(time.Minute)
			}
			if want := map[bool]int{true: 1, false: 3}[c.atRcpt]; len(srv.got) != want || b.jobs("ready") != 0 {
				t.Fatalf("%s: %d messages, %d jobs left", name, len(srv.got), b.jobs("ready"))
			}
			for _, raw := range srv.got {
				if a, b := headerOf(t, raw, "Message-Id"), headerOf(t, srv.got[0], "Message-Id"); a != b || a == "" {
					t.Errorf("%s: a retry is called %s, before %s", name, a, b)
				}
			}
		}
		b.hushed("zoe", "Tremblay", "mot de passe", "later")
	})
}

func TestAPermanentRefusalIsNotTriedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		for _, atRcpt := range []bool{true, false} {
			srv := serve(t, serverSettings{})
			srv.atRcpt, srv.answers = atRcpt, []error{&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<zoe@exemple.example> unknown"}}
			b.post(srv)
			b.enqueue("mail", Job{What: "password_changed", ID: "mem-zoe"})
			b.run()
			if b.jobs("ready")+b.jobs("given_up") != 0 || len(srv.answers) != 0 {
				t.Errorf("%d jobs are left", b.jobs("ready"))
			}
		}
		if !strings.Contains(b.log.String(), "550 5.1.1") {
			t.Errorf("nobody is told: %s", b.log)
		}
		b.hushed("zoe", "unknown")
	})
}

func TestAServerThatIsAwayIsWaitedFor(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		srv := serve(t, serverSettings{})
		b.post(srv)
		sender := b.Send.(*SMTP)
		there := sender.dial
		sender.dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		}
		b.enqueue("mail", Job{What: "password_changed", ID: "mem-zoe"})
		if _, err := b.DB.RunDue(t.Context(), b.Handlers()); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Fatalf("%v", err)
		}
		sender.dial = there
		b.clock.Move(time.Minute)
		b.run()
		if len(srv.got) != 1 {
			t.Errorf("%d messages", len(srv.got))
		}
	})
}

// TestAServerThatHangsUpAfterwardsHasTheMessage: once it was taken, nothing sends it again.
func TestAServerThatHangsUpAfterwardsHasTheMessage(t *testing.T) {
	srv := serve(t, serverSettings{})
	s := srv.client("smtp", "", "127.0.0.1", "")
	there := s.dial
	s.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := there(ctx, network, addr)
		return &hangsUp{Conn: c}, err
	}
	must(t, s.Send(t.Context(), letterTo("zoe@exemple.example")))
	if len(srv.got) != 1 {
		t.Errorf("%d messages", len(srv.got))
	}
}

// hangsUp closes the connection once a message has been taken.
type hangsUp struct {
	net.Conn
	sent bool
}

func (c *hangsUp) Write(b []byte) (int, error) {
	if c.sent && bytes.HasPrefix(b, []byte("RSET")) {
		return 0, io.ErrClosedPipe
	}
	c.sent = c.sent || bytes.HasSuffix(b, []byte("\r\n.\r\n"))
	return c.Conn.Write(b)
}

// TestASilentServerDoesNotHoldTheWorkerUp: when the job's time is over the connection is
// closed, whatever the server does; without that this test never ends.
func TestASilentServerDoesNotHoldTheWorkerUp(t *testing.T) {
	s, err := NewSMTP("smtp://127.0.0.1", "canot@exemple.example")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	s.dial = func(context.Context, string, string) (net.Conn, error) {
		return &silent{closed: make(chan struct{}), asked: cancel}, nil
	}
	if err := s.Send(ctx, letterTo("zoe@exemple.example")); err == nil {
		t.Error("sent into the void")
	}
}

// A silent connection never says a word.
type silent struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
	asked  func()
}

func (c *silent) Read([]byte) (int, error) { c.asked(); <-c.closed; return 0, io.EOF }

func (c *silent) Write(b []byte) (int, error) { return len(b), nil }

func (c *silent) Close() error { c.once.Do(func() { close(c.closed) }); return nil }

func (c *silent) SetDeadline(time.Time) error { return nil }

func TestNobodyWritesOurHeaders(t *testing.T) {
	srv := serve(t, serverSettings{})
	s := srv.client("smtp", "", "127.0.0.1", "")
	evil := letterTo("zoe@exemple.example")
	evil.Subject = "Studio\r\nBcc: victim@exemple.example\r\n\r\n<b>hello</b>"
	evil.ReplyTo = "a@b.example\r\nBcc: victim@exemple.example"
	must(t, s.Send(t.Context(), evil))
	m, err := netmail.ReadMessage(strings.NewReader(srv.got[0]))
	must(t, err)
	if m.Header.Get("Bcc") != "" || m.Header.Get("Reply-To") != "" || len(srv.to) != 1 || !strings.Contains(decoded(t, m.Header.Get("Subject")), "Bcc: victim") {
		t.Errorf("headers %v to %v", m.Header, srv.to)
	}
	for _, to := range []string{
		"zoe@exemple.example\r\nBcc: victim@exemple.example", "zoe@exemple.example, victim@exemple.example", "Zoé <zoe@exemple.example>",
		"zoe@exemple.example>\r\nRCPT TO:<victim@exemple.example", "", "zoe",
	} {
		err := s.Send(t.Context(), letterTo(to))
		var refused *Refused
		if !errors.As(err, &refused) || !refused.ForGood {
			t.Errorf("%q: %v", to, err)
		}
	}
	if len(srv.got) != 1 {
		t.Errorf("%d messages", len(srv.got))
	}
}

var _ database.Handler = (&Post{}).mail
