package inventory

import "strings"

// The names of regions and categories that a file may name by slug alone.
var knownRegions = map[string]Text{
	"abitibi-temiscamingue": {"fr": "Abitibi-Témiscamingue", "en": "Abitibi-Témiscamingue"},
	"baie-james":            {"fr": "Baie-James", "en": "James Bay"},
	"nord-ontario":          {"fr": "Nord de l’Ontario", "en": "Northern Ontario"},
	"bas-saint-laurent":     {"fr": "Bas-Saint-Laurent", "en": "Bas-Saint-Laurent"},
	"acadie":                {"fr": "Acadie", "en": "Acadia"},
}

var knownCategories = map[string]Text{
	"3d-printer":      {"fr": "Impression 3D", "en": "3D printing"},
	"audio":           {"fr": "Sonorisation", "en": "Audio"},
	"camera":          {"fr": "Caméra", "en": "Camera"},
	"cnc":             {"fr": "Fraisage numérique", "en": "CNC milling"},
	"coaching":        {"fr": "Accompagnement", "en": "Coaching"},
	"computer":        {"fr": "Ordinateur portable", "en": "Laptop"},
	"coworking":       {"fr": "Coworking", "en": "Coworking"},
	"drone":           {"fr": "Drone", "en": "Drone"},
	"editing":         {"fr": "Montage", "en": "Editing"},
	"electronics":     {"fr": "Électronique", "en": "Electronics"},
	"embroidery":      {"fr": "Broderie numérique", "en": "Embroidery"},
	"gallery":         {"fr": "Exposition", "en": "Exhibition"},
	"heat-press":      {"fr": "Presse à chaud", "en": "Heat press"},
	"instrument":      {"fr": "Instrument de musique", "en": "Musical instrument"},
	"kitchen":         {"fr": "Cuisine partagée", "en": "Shared kitchen"},
	"laser-cutter":    {"fr": "Découpe laser", "en": "Laser cutting"},
	"laser-engraver":  {"fr": "Gravure laser", "en": "Laser engraving"},
	"lens":            {"fr": "Objectif photo", "en": "Camera lens"},
	"lighting":        {"fr": "Éclairage", "en": "Lighting"},
	"loom":            {"fr": "Tissage numérique", "en": "Digital weaving"},
	"mapping":         {"fr": "Projection architecturale", "en": "Projection mapping"},
	"medialab":        {"fr": "Medialab", "en": "Medialab"},
	"meeting-room":    {"fr": "Salle de réunion", "en": "Meeting room"},
	"printer":         {"fr": "Impression grand format", "en": "Large-format printing"},
	"projector":       {"fr": "Projection", "en": "Projection"},
	"recording":       {"fr": "Enregistrement sonore", "en": "Sound recording"},
	"rehearsal":       {"fr": "Répétition", "en": "Rehearsal"},
	"resin-printer":   {"fr": "Impression 3D résine", "en": "Resin 3D printing"},
	"robotics":        {"fr": "Robotique", "en": "Robotics"},
	"scanner":         {"fr": "Numérisation", "en": "Scanning"},
	"sewing":          {"fr": "Couture", "en": "Sewing"},
	"sound":           {"fr": "Son", "en": "Sound"},
	"tablet":          {"fr": "Tablette graphique", "en": "Drawing tablet"},
	"technical":       {"fr": "Aide technique", "en": "Technical help"},
	"training":        {"fr": "Formation", "en": "Training"},
	"videoconference": {"fr": "Visioconférence", "en": "Videoconference"},
	"vinyl-cutter":    {"fr": "Découpe de vinyle", "en": "Vinyl cutting"},
	"vr-headset":      {"fr": "Réalité virtuelle", "en": "Virtual reality"},
	"workshop":        {"fr": "Atelier", "en": "Workshop"},
}

func regionName(slug string) Text   { return nameOf(knownRegions, slug) }
func categoryName(slug string) Text { return nameOf(knownCategories, slug) }

// nameOf gives the known name, or one made of the slug, which a person may better later.
func nameOf(known map[string]Text, slug string) Text {
	if name, ok := known[slug]; ok {
		return name
	}
	return Text{"fr": titleOf(slug)}
}

// titleOf makes a name of a slug: Mot-Mot of mot-mot.
func titleOf(slug string) string {
	words := strings.Split(slug, "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}
