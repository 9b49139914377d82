package web

import "github.com/gin-gonic/gin"

func (s *Site) mountPrint(r gin.IRouter) {}
