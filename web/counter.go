package web

import "github.com/gin-gonic/gin"

func (s *Site) mountCounter(r gin.IRouter) {}
