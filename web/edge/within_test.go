package edge

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"canot/internal/identity"
)

func TestOnlyThisProcessSpeaksWithoutAToken(t *testing.T) {
	if _, ok := actorWithin(httptest.NewRequest("GET", "/", nil).Context()); ok {
		t.Error("a request from outside speaks for somebody")
	}
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.Use(func(c *gin.Context) {
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), visitKey{}, &Visit{Header: c.Writer.Header()}))
	})
	var asked identity.Actor
	engine.GET("/", NewDoor(nil, nil, "").Who(), func(c *gin.Context) { asked = From(c.Request.Context()).Actor })
	request := httptest.NewRequest("GET", "/", nil)
	engine.ServeHTTP(httptest.NewRecorder(), request.WithContext(Within(request.Context(), identity.Actor{ID: "mia"})))
	if asked.ID != "mia" {
		t.Errorf("%+v asks", asked)
	}
	engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if asked.ID != "" {
		t.Errorf("%+v asks, want nobody", asked)
	}
}
