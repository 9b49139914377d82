package main

// frenchHelp is the help of each subcommand in French, and the heading of the configuration's.
var frenchHelp = map[string]string{
	"config": "Réglages de « canot serve », par l’environnement. Une variable CANOT_… inconnue ou\nillisible est refusée par son nom.\n",
	"serve": `canot serve
  Le serveur, réglé par l’environnement (canot help config). Il met le schéma à jour,
  sauf avec CANOT_MIGRATE=false, et s’arrête en douceur sur SIGTERM.`,
	"demo": `canot demo [--addr HÔTE:PORT] [--data DOSSIER | --database ADRESSE] [--scale N]
           [--seed N] [--empty] [--members N] [--no-limits] [--json]
  Un réseau complet sur la base embarquée : seize villes, leurs ressources, dix semaines de
  réservations. Un dossier ou une base qui en contient déjà un est repris tel quel.
  --addr       où écouter (127.0.0.1:8080; un autre port s’il est pris)
  --data       où garder les données (sinon un dossier temporaire, effacé à l’arrêt)
  --database   un PostgreSQL plutôt que la base embarquée
  --scale      N fois les données
  --seed       un autre tirage
  --empty      aucun hub : seulement un compte d’administration
  --members    N jetons de plus, pour des membres ordinaires
  --no-limits  sans frein au nombre de demandes
  --json       une ligne pour les scripts quand tout est prêt`,
	"migrate": `canot migrate up|status [--database ADRESSE] [--json]
  Met le schéma à jour, ou dit où il en est.`,
	"import": `canot import FICHIER… [--kind hubs|resources|units|members] [--dry-run] [--quiet] [--json]
             [--database ADRESSE]
  Met les lignes de fichiers CSV dans le réseau. La sorte se voit à l’en-tête. Chaque ligne
  refusée dit pourquoi et les autres passent; le code de sortie est alors 1. Un fichier déjà
  importé ne change rien. « - » lit l’entrée standard.
  --dry-run fait tout sur une copie temporaire et n’écrit rien dans le réseau : même rapport.`,
	"export": `canot export hubs|resources|units|members|bookings [--format csv|json] [--out FICHIER] [--force]
             [--database ADRESSE]
  Sort les lignes d’une sorte; le CSV se réimporte tel quel, sauf celui des réservations. Celui
  des membres contient des données personnelles.`,
	"user": `canot user create --name NOM --email ADRESSE [--language fr|en] [--hub HUB]
canot user role   MEMBRE ROLE [--hub HUB | --region TERRITOIRE] [--revoke]
canot user token  MEMBRE [--label TEXTE] [--scopes read,book,staff,admin] [--days N]
  MEMBRE est une adresse de courriel ou un identifiant; ROLE : staff, manager (avec --hub),
  coordinator (avec --region) ou administrator. Le jeton est montré une seule fois.
  Aussi : --database ADRESSE, --json.`,
	"backup": `canot backup FICHIER [--force] [--database ADRESSE]
  Une copie cohérente, pendant que le serveur travaille, valable pour les deux bases.
  « - » écrit sur la sortie standard.`,
	"restore": `canot restore FICHIER [--database ADRESSE]
  Remet une copie dans une base vide, SQLite ou PostgreSQL. « - » lit l’entrée standard.`,
	"check": `canot check [--json] [--database ADRESSE]
  Vérifie les invariants et dit quelles lignes en enfreignent un. Ne fait que lire.`,
	"zones": `canot zones [--apply] [--json] [--database ADRESSE]
  Les données des fuseaux et les réservations à venir qui ne sont plus à l’heure locale
  promise; --apply les remet à leur heure.`,
	"version": `canot version [--json]
  La version, le schéma et les données des fuseaux.`,
	"healthcheck": `canot healthcheck [--url ADRESSE] [--timeout DURÉE]
  Demande à un serveur s’il est en vie (/healthz); pour les conteneurs.`,
}
