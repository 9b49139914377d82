package main

// french is what the program says in French. words_en.go has the same keys, and
// a test compares them. A space before a colon and inside guillemets does not break.
var french = map[string]string{
	"plain":              "%s",
	"help":               helpFr,
	"unknown_command":    "canot : « %s » n’est pas une commande. « canot help » les énumère.",
	"failed":             "canot %s : %s",
	"bad_flag":           "%v. Voyez « canot help %s ».",
	"bad_arguments":      "ce n’est pas ainsi qu’on l’appelle. Voyez « canot help %s ».",
	"bad_kind":           "« %s » n’est pas une sorte de lignes. Voyez l’aide de la commande.",
	"bad_format":         "« %s » n’est pas un format : csv ou json.",
	"stopped":            "arrêt demandé avant la fin.",
	"file_exists":        "le fichier « %s » existe déjà. Choisissez un autre nom, ou ajoutez --force.",
	"file_not_there":     "le fichier « %s » n’existe pas.",
	"file_no_right":      "le fichier « %s » ne peut pas être ouvert : il en faut le droit.",
	"file_is_folder":     "« %s » est un dossier, et il faut un fichier.",
	"file_disk_full":     "il n’y a plus de place pour « %s ».",
	"binary_to_terminal": "une sauvegarde ne s’affiche pas dans un terminal : donnez un nom de fichier.",

	"config_wrong":       "%s ne peut pas être lue : %s",
	"config_needs":       "%s manque : il la faut avec %s.",
	"config_unknown":     "%s est inconnue. « canot help config » énumère les variables.",
	"config_secret":      "(ou %s_FILE, un fichier)",
	"config_line":        "  %s\n    %s",
	"database_missing":   "il faut une base de données : CANOT_DATABASE_URL ou --database, par exemple sqlite:///var/lib/canot/canot.db ou postgres://canot@localhost/canot.",
	"database_wrong":     "%s n’est pas l’adresse d’une base de données : donnez sqlite:///chemin/fichier.db (un chemin absolu) ou postgres://….",
	"database_not_there": "il n’y a pas de base de données à « %s ». Vérifiez l’adresse; « canot migrate up » en fait une neuve.",
	"database_no_folder": "la base de données « %s » ne peut pas être faite : le dossier « %s » n’existe pas. Créez-le, ou corrigez l’adresse.",
	"database_no_file":   "« %s » n’est pas un fichier, et ne peut pas être une base de données. Corrigez l’adresse.",
	"database_no_right":  "la base de données « %s » ne peut pas être ouverte : il faut le droit d’écrire dans ce fichier et dans son dossier.",

	"config.CANOT_DATABASE_URL":         "La base de données : sqlite:///chemin/fichier.db ou postgres://….",
	"config.CANOT_DATABASE_PASSWORD":    "Le mot de passe de PostgreSQL, s’il n’est pas dans l’adresse.",
	"config.CANOT_DATABASE_CONNECTIONS": "Combien de connexions à PostgreSQL, ou de lectures parallèles avec SQLite; 0 : un nombre raisonnable.",
	"config.CANOT_DATABASE_WAIT":        "Combien de temps attendre au démarrage une base de données qui ne répond pas encore.",
	"config.CANOT_MIGRATE":              "Mettre le schéma à jour au démarrage. Avec false, faites « canot migrate up » vous-même.",
	"config.CANOT_ADDR":                 "L’adresse où le serveur écoute.",
	"config.CANOT_ADMIN_ADDR":           "L’adresse des mesures (/metrics) et des profils (/debug/pprof/), ou off. Gardez-la privée.",
	"config.CANOT_PUBLIC_URL":           "L’adresse par laquelle le public joint le serveur, par exemple https://reserver.exemple.ca.",
	"config.CANOT_RATE_LIMITS":          "Freiner qui demande trop en peu de temps.",
	"config.CANOT_TRUSTED_PROXIES":      "Les mandataires dont on croit X-Forwarded-For : adresses ou réseaux, séparés par des virgules.",
	"config.CANOT_STOP_WAIT":            "Combien de temps laisser finir les demandes en cours à l’arrêt.",
	"config.CANOT_LOG_LEVEL":            "Ce qui va au journal : DEBUG, INFO, WARN ou ERROR.",
	"config.CANOT_LOG_FORMAT":           "La forme du journal : json ou text.",
	"config.CANOT_LANGUAGE":             "La langue de cette commande : fr ou en. Sans elle, celle du système; sinon le français.",
	"config.CANOT_SMTP_URL":             "Le serveur de courriel : smtp://nom:motdepasse@hôte:587 ou smtps://…:465. Sans lui, les messages attendent, et personne n’entre par lien.",
	"config.CANOT_MAIL_FROM":            "De qui viennent les messages, par exemple « Canot <canot@exemple.ca> ». Obligatoire avec CANOT_SMTP_URL.",
	"config.CANOT_OIDC_ISSUER":          "Le fournisseur OpenID Connect de votre organisation, par exemple https://id.exemple.ca. Sans lui, ce moyen d’entrer n’est pas offert.",
	"config.CANOT_OIDC_CLIENT_ID":       "Le nom sous lequel ce fournisseur connaît Canot.",
	"config.CANOT_OIDC_CLIENT_SECRET":   "Le secret convenu avec ce fournisseur.",
	"config.CANOT_OIDC_NAME":            "Le nom de ce fournisseur, comme les gens le connaissent.",

	"migration_applied": "%s : appliquée",
	"migration_pending": "%s : en attente",

	"bad_call": "« %s %s » n’est pas une demande : donnez par exemple GET /hubs.",

	"import_line":      "ligne %d, %s : %s",
	"import_value":     "%s (reçu : « %s »)",
	"import_created":   "nouvelle",
	"import_changed":   "modifiée",
	"import_unchanged": "inchangée",
	"import_refused":   "refusée",
	"import_warning":   "à savoir",
	"import_done":      "%s : %d nouvelles, %d modifiées, %d inchangées, %d refusées.",
	"import_dry":       "%s, essai sans rien écrire : %d nouvelles, %d modifiées, %d inchangées, %d refusées.",

	"backup_done":  "La copie est dans « %s ». Elle contient des données personnelles : rangez-la en lieu sûr.",
	"restore_done": "La copie est en place. « canot check » la vérifie. Toutes les sessions sont fermées : chaque personne se connecte de nouveau.",
	"restore_age":  "La copie date de %d jours (%s). Les comptes effacés depuis y sont encore : effacez-les de nouveau.",

	"check_finding": "invariant %v, %s : %s",
	"check_failed":  "%d lignes enfreignent une règle qui devait tenir.",
	"check_clean":   "Tout tient : aucune ligne n’enfreint une règle.",

	"zones_data":     "Données des fuseaux : %s (%s).",
	"zones_embedded": "celles du programme",
	"zones_system":   "celles du système",
	"zones_none":     "Toutes les réservations à venir sont à leur heure locale.",
	"zones_moved":    "%s, %s : de %s à %s (promis : %s)",
	"zones_hint":     "%d réservations ne sont plus à l’heure promise. « canot zones --apply » les remet à leur heure.",
	"zones_applied":  "%d réservations remises à leur heure, %d en conflit : voyez-les avec le hub.",

	"user_created":       "%s",
	"user_role":          "C’est fait : %s a le rôle « %s ».",
	"user_revoked":       "C’est fait : %s n’a plus le rôle « %s ».",
	"user_listed":        "%s  %s  %s  %s",
	"user_signed_out":    "C’est fait : %s n’a plus de session ouverte.",
	"user_factors_reset": "C’est fait : %s n’a plus de deuxième facteur, ni de session ouverte.",
	"user_unknown":       "personne n’a l’adresse ou l’identifiant « %s ».",
	"user_token":         "Voici le jeton, montré une seule fois; il expire le %s :",

	"version": "canot %s\nrévision   %s\nGo         %s\nschéma     %d\nfuseaux    %s (%s)",

	"demo_temporary":  "Les données sont dans un dossier temporaire, effacé à l’arrêt : %s\n  (--data DOSSIER pour les garder)",
	"demo_folder":     "Les données sont dans %s",
	"demo_reused":     "Le réseau de démonstration qui s’y trouvait est repris tel quel.",
	"demo_port_taken": "Le port de %s est pris; en voici un autre.",
	"demo_not_empty":  "cette base de données contient un réseau qui n’est pas une démonstration complète : choisissez-en une autre.",
	"demo_ready":      "\nLe réseau de démonstration est prêt : %s\n  Ouvrez cette adresse : vous y entrez d’un bouton comme artiste, au comptoir ou à la gestion.\n  documentation de l’API : %s/api/v1/docs\n\nTrois comptes, chacun avec son jeton pour les programmes :",
	"demo_account":    "  %-13s  %-34s %s\n                 %s",
	"demo_try":        "\nÀ essayer dans un autre terminal :\n",
	"demo_find":       "# trouver un studio",
	"demo_free":       "# voir quand il est libre",
	"demo_book":       "# le réserver; la deuxième fois, c’est pris, et on vous propose autre chose",
	"demo_calendar":   "# le calendrier du hub, à ajouter à votre agenda",
	"demo_factor":     "                 code de secours pour la deuxième étape : %s",
	"demo_others":     "  et aussi : %s (--json dit tout)",
	"demo_mail":       "\nUne démonstration n’envoie aucun courriel. Ceux qui seraient partis se lisent ici :\n  %s/demo/courriels",
	"demo_stop":       "\nCtrl+C pour arrêter.",
	"demo_hubs":       "hubs et ressources",
	"demo_members":    "membres",
	"demo_bookings":   "réservations",
	"demo_tokens":     "jetons",

	"role_member":        "artiste",
	"role_staff":         "personnel",
	"role_manager":       "gestion",
	"role_coordinator":   "coordination",
	"role_administrator": "administration",
}

const helpFr = `Canot : un réseau de hubs où l’on réserve sans jamais de double réservation.

  canot demo         un réseau complet pour l’essayer, sans rien installer
  canot serve        le serveur; canot help config en énumère les réglages
  canot migrate      le schéma : up, status
  canot import       mettre hubs, ressources, exemplaires, membres ou réservations depuis des fichiers
  canot export       les sortir en CSV ou en JSON
  canot user         comptes : create, list, role, token, sign-out, factor-reset
  canot call         une opération de l’API, d’ici même : canot call GET /hubs
  canot backup       une copie cohérente pendant que le serveur travaille
  canot restore      remettre une copie dans une base vide
  canot check        vérifier les invariants des données
  canot zones        les données des fuseaux, et les réservations qu’elles déplacent
  canot version      version, schéma, fuseaux
  canot healthcheck  demander à un serveur s’il est en vie
  canot help         cette aide; canot help COMMANDE, canot help config

Code de sortie : 0 fait, 1 échec, 2 mauvais usage.`
