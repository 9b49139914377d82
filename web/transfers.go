package web

import "github.com/gin-gonic/gin"

func (s *Site) mountTransfers(r gin.IRouter) {}
