package web

import "github.com/gin-gonic/gin"

func (s *Site) mountInventory(r gin.IRouter) {}
