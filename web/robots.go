package web

// robots tells search engines what there is to find: places, what can be booked there, and the
// calendars, which those of some firms read under the same rules (RFC 9309). The rest is somebody's own, or has no end.
const robots = `User-agent: *
Disallow: /api/
Disallow: /comptoir
Disallow: /inventaire
Disallow: /entretien
Disallow: /transferts
Disallow: /impressions
Disallow: /u/
Disallow: /reserver
Disallow: /reservations
Disallow: /compte
Disallow: /connexion
Disallow: /demo/
Disallow: /en/comptoir
Disallow: /en/inventaire
Disallow: /en/entretien
Disallow: /en/transferts
Disallow: /en/impressions
Disallow: /en/u/
Disallow: /en/reserver
Disallow: /en/reservations
Disallow: /en/compte
Disallow: /en/connexion
Disallow: /en/demo/
Disallow: /*calendrier
`
