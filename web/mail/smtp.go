package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// sendTime is how long a server may take for one message; a job has a little less than a minute.
const sendTime = 40 * time.Second

// An SMTP is a Sender that hands each message to one server, in a connection of its own.
// It may be used by several goroutines.
type SMTP struct {
	host       string
	port       int
	wrapped    bool // TLS from the first byte, smtps
	optional   bool // STARTTLS when it is offered, and no word when it is not
	local      bool // the server is on this machine: nobody can listen in
	user, pass string
	from       netmail.Address
	roots      *x509.CertPool // nil means those of the system
	dial       func(ctx context.Context, network, addr string) (net.Conn, error)
}

// errSettings is what SMTP settings that cannot be read give; it holds no part of them,
// for a password may be in there.
var errSettings = errors.New("smtp://user:password@host:587, smtps://user:password@host:465")

// NewSMTP makes a Sender from an address, smtp://user:password@host:port or smtps://…, and
// from who messages are, like "Canot <canot@example.ca>". The port may be left out: 587,
// with smtps 465. STARTTLS is required but to a server on this machine, or with
// ?tls=optional, which is for a relay in a private network: nothing is then promised. Its
// error never holds the password.
func NewSMTP(address, from string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") || strings.Trim(u.Path, "/") != "" {
		return nil, errSettings
	}
	sender, err := netmail.ParseAddress(from)
	if err != nil || strings.ContainsAny(from, "\r\n") {
		return nil, errors.New("name <canot@example.ca>")
	}
	s := &SMTP{host: u.Hostname(), wrapped: u.Scheme == "smtps", from: *sender, dial: (&net.Dialer{}).DialContext}
	for name, values := range u.Query() {
		if name != "tls" || len(values) != 1 || values[0] != "optional" || s.wrapped {
			return nil, errSettings
		}
		s.optional = true
	}
	s.local = s.host == "localhost" || net.ParseIP(s.host).IsLoopback()
	s.port = 587
	if s.wrapped {
		s.port = 465
	}
	if text := u.Port(); text != "" {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return nil, errSettings
		}
		s.port = int(port)
	}
	if u.User != nil {
		s.user = u.User.Username()
		s.pass, _ = u.User.Password()
	}
	return s, nil
}

// Send hands a message to the server. When the server took it, Send succeeds, whatever
// happens to the connection afterwards.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := s.compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close() // the library leaves it open when the beginning fails
		}
	}()
	client, err := gomail.NewClient(s.host, s.options(func(c net.Conn) {
		conn = c
		context.AfterFunc(ctx, func() { _ = c.Close() })
	})...)
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		return nil
	}
	return plain(err)
}

// compose turns a message into that of the library. An address that is more than one
// address is refused for good.
func (s *SMTP) compose(m Message) (*gomail.Msg, error) {
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Address != m.To {
		return nil, &Refused{ForGood: true}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&s.from)
	msg.ToMailAddress(&netmail.Address{Address: to.Address})
	if reply, err := netmail.ParseAddress(m.ReplyTo); err == nil && reply.Address == m.ReplyTo {
		msg.ReplyToMailAddress(reply)
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(m.At)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.Subject(oneLine(m.Subject))
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	if m.Calendar == nil {
		return msg, nil
	}
	// Twice: some programs read the part beside the texts, and others show attached files
	// only. The library adds the charset by itself.
	msg.AddAlternativeString(gomail.ContentType("text/calendar; method="+m.Calendar.Method), string(m.Calendar.File), gomail.WithPartEncoding(gomail.EncodingB64))
	err = msg.AttachReader(CalendarName, bytes.NewReader(m.Calendar.File), gomail.WithFileContentType("text/calendar; charset=utf-8"), gomail.WithFileEncoding(gomail.EncodingB64))
	return msg, err
}

// options say how to reach the server; opened is told of the connection.
func (s *SMTP) options(opened func(net.Conn)) []gomail.Option {
	config := &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.local}
	policy := gomail.TLSMandatory
	if s.local || s.optional || s.wrapped {
		policy = gomail.TLSOpportunistic
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(config), gomail.WithTimeout(sendTime / 2),
		gomail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := s.dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			opened(c)
			if !s.wrapped {
				return c, nil
			}
			wrapped := tls.Client(c, config)
			return wrapped, wrapped.HandshakeContext(ctx)
		}),
	}
	if s.user != "" {
		mechanisms := []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5}
		if s.local {
			mechanisms = []gomail.SMTPAuthType{gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5}
		}
		options = append(options, gomail.WithOpportunisticSMTPAuth(mechanisms...), gomail.WithUsername(s.user), gomail.WithPassword(s.pass))
	}
	return options
}

// plain is an error without the words of the server, which often repeat an address, a
// user's name, or a part of the message.
func plain(err error) error {
	var sent *gomail.SendError
	if errors.As(err, &sent) {
		r := &Refused{Status: sent.ErrorCode(), Enhanced: sent.EnhancedStatusCode()}
		if r.Status == 0 {
			return errors.New("smtp: " + sent.Reason.String())
		}
		switch sent.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			// 5.7 is about who we are, which somebody can set right.
			r.ForGood = r.Status >= 500 && !strings.HasPrefix(r.Enhanced, "5.7.")
		}
		return r
	}
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return &Refused{Status: answer.Code}
	}
	var network net.Error
	if errors.As(err, &network) {
		return fmt.Errorf("smtp: %w", err)
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return errors.New("smtp: the server's certificate is not trusted")
	}
	return fmt.Errorf("smtp: %w", err)
}
