package web

import "github.com/gin-gonic/gin"

func (s *Site) mountUpkeep(r gin.IRouter) {}
